#!/bin/sh
#
#     red: v1 10.1.1.1/24 ---- v1 10.1.1.2/24 :blue
#
# TCP Fast Open (RFC 7413) by unmodified programs: a cookie is asked for, then the data
# rides on the SYN, of a connect() that waits for the first write.
. "$(dirname "$0")/lib.sh"

ip netns add red
ip netns add blue
ip -n red link add v1 type veth peer name v1 netns blue
ip -n red addr add 10.1.1.1/24 dev v1
ip -n blue addr add 10.1.1.2/24 dev v1
ip -n red link set v1 up
ip -n blue link set v1 up
ip netns exec red sysctl -q net.ipv4.tcp_fastopen=1
ip netns exec blue sysctl -q net.ipv4.tcp_fastopen=2

cat > "$TMPDIR/server.py" <<'PY'
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 8000))
s.setsockopt(socket.IPPROTO_TCP, 23, 5)
s.listen(5)
print("ready", flush=True)
for i in range(4):
    c, a = s.accept()
    with c:
        data = c.recv(100)
        print("server got", data.decode(), flush=True)
        c.sendall(b"answer to " + data)
PY
cat > "$TMPDIR/client.py" <<'PY'
import socket

def options(s):
    return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5] & 32

def ask(text):
    s = socket.socket()
    s.setsockopt(socket.IPPROTO_TCP, 30, 1)
    s.connect(("10.1.1.2", 8000))
    s.sendall(text)
    print(s.recv(100).decode(), "with the SYN:", options(s) != 0, flush=True)
    s.close()

for text in b"one", b"two", b"three", b"four":
    ask(text)
PY
ip netns exec blue python3 "$TMPDIR/server.py" > "$TMPDIR/out" &
until grep -q ready "$TMPDIR/out"; do sleep 0.1; done
ip netns exec red python3 "$TMPDIR/client.py"
wait
cat "$TMPDIR/out"
