#!/bin/sh
#
#     hub:  10.0.1.1 --- 10.0.1.2 :n1
#           10.0.2.1 --- 10.0.2.2 :n2
#             ...                       20 spokes, then 100 bare namespaces
#
# timeout: 180
#
# Many of everything at once.
. "$(dirname "$0")/lib.sh"

netns hub
in_ns hub sysctl -qw net.ipv4.ip_forward=1
i=1
while [ $i -le 20 ]; do
	netns n$i
	wire hub h$i 10.0.$i.1/24 n$i e0 10.0.$i.2/24
	ip -n n$i route add default via 10.0.$i.1
	i=$((i + 1))
done
ip -n hub -br link | wc -l
ip -n hub route | wc -l
say 'each to the next'
i=1
while [ $i -le 20 ]; do
	in_ns n$i ping -c 1 -W 2 10.0.$((i % 20 + 1)).2 >/dev/null && echo $i
	i=$((i + 1))
done | wc -l
say 'five hundred connections to one, all open at once'
cat >"$TMPDIR/serve.py" <<'END'
import asyncio
async def echo(r, w):
    while (data := await r.read(1000)):
        w.write(data)
        await w.drain()
    w.close()
async def main():
    s = await asyncio.start_server(echo, "10.0.1.2", 80, backlog=600)
    await s.serve_forever()
asyncio.run(main())
END
cat >"$TMPDIR/call.py" <<'END'
import asyncio
async def main():
    good, gate = 0, asyncio.Event()
    async def one(i):
        nonlocal good
        r, w = await asyncio.open_connection("10.0.1.2", 80)
        w.write(b"%04d" % i)
        if await r.readexactly(4) == b"%04d" % i: good += 1
        if good == 500: gate.set()
        await gate.wait()
        w.close(); await w.wait_closed()
    await asyncio.wait_for(asyncio.gather(*[one(i) for i in range(500)]), 60)
    print(good)
asyncio.run(main())
END
ip netns exec n1 python3 "$TMPDIR/serve.py" &
wait_listen n1 tcp 80
show ip netns exec n2 python3 "$TMPDIR/call.py"
say 'a hundred namespaces, come and gone'
i=0
while [ $i -lt 100 ]; do
	ip netns add bare$i || break
	i=$((i + 1))
done
ip netns list | grep -c bare
i=0
while [ $i -lt 100 ]; do
	ip netns del bare$i
	i=$((i + 1))
done
ip netns list | grep -c bare
say 'a thousand addresses and routes'
i=0
while [ $i -lt 1000 ]; do
	echo "addr add 10.77.$((i / 250)).$((i % 250 + 1))/32 dev e0"
	echo "route add 10.78.$((i / 250)).$((i % 250))/32 via 10.0.3.1"
	i=$((i + 1))
done >"$TMPDIR/batch"
show ip -n n3 -batch "$TMPDIR/batch"
ip -n n3 addr | grep -c 'inet 10.77'
ip -n n3 route | grep -c '^10.78'
ip -n n3 route get 10.78.3.7 | norm | head -n 1
ip netns exec n3 ping -c 1 10.77.3.200 | grep -c '1 received'
ip -n n3 addr flush dev e0 to 10.77.0.0/16
ip -n n3 addr | grep -c 'inet 10.77'
say 'all gone at once'
show ip -all netns del
show ip netns list
