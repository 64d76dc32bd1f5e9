#!/bin/sh
#
#   lo   v0 10.0.0.1 ---- v1      one namespace
#
# Datagram sockets: groups, broadcasts, control messages, flags, errors.
. "$(dirname "$0")/lib.sh"

netns red
ip -n red link add v0 type veth peer name v1
ip -n red addr add 10.0.0.1/24 dev v0
ip -n red link set v0 up
ip -n red link set v1 up
cat >"$TMPDIR/datagrams.py" <<'END'
import socket,struct,errno,os,select,time
E=lambda e: errno.errorcode[e.errno] if e.errno else "timeout"
def t(label,f,*a):
    try: r=f(*a); print(label,'->',r if r is not None else 'ok')
    except OSError as e: print(label,'->',E(e))
def U(**o):
    s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(0.2); return s
def mreq(g,a='0.0.0.0',i=None):
    return socket.inet_aton(g)+socket.inet_aton(a)+(struct.pack('i',i) if i is not None else b'')
idx=socket.if_nametoindex('v0'); lo=1
ADD,DROP,IF,TTL,LOOP=35,36,32,33,34
s=U()
t('join noroute',s.setsockopt,0,ADD,mreq('224.1.1.1'))
t('join lo',s.setsockopt,0,ADD,mreq('224.1.1.1','127.0.0.1'))
t('join v0 idx',s.setsockopt,0,ADD,mreq('224.1.1.2',i=idx))
t('join v0 again',s.setsockopt,0,ADD,mreq('224.1.1.2',i=idx))
t('join v0 by addr again',s.setsockopt,0,ADD,mreq('224.1.1.2','10.0.0.1'))
t('join idx other addr',s.setsockopt,0,ADD,mreq('224.1.1.3','127.0.0.1',idx))
t('join unicast',s.setsockopt,0,ADD,mreq('10.1.1.2',i=idx))
t('join bad idx',s.setsockopt,0,ADD,mreq('224.1.1.2',i=99))
t('join bad addr',s.setsockopt,0,ADD,mreq('224.1.1.2','9.9.9.9'))
t('join short',s.setsockopt,0,ADD,b'\xe0\0\0\1')
t('drop not joined',s.setsockopt,0,DROP,mreq('224.1.1.9',i=idx))
t('drop bad idx',s.setsockopt,0,DROP,mreq('224.1.1.2',i=99))
t('drop bad addr',s.setsockopt,0,DROP,mreq('224.1.1.2','9.9.9.9'))
t('drop any',s.setsockopt,0,DROP,mreq('224.1.1.2'))
t('drop any again',s.setsockopt,0,DROP,mreq('224.1.1.2'))
t('drop v0',s.setsockopt,0,DROP,mreq('224.1.1.3',i=idx))
t('if short',s.setsockopt,0,IF,b'\1')
t('if addr',s.setsockopt,0,IF,socket.inet_aton('10.0.0.1')); t('if get',s.getsockopt,0,IF,4)
t('if mreqn',s.setsockopt,0,IF,mreq('0.0.0.0',i=idx)); t('if get',s.getsockopt,0,IF,4)
t('if bad',s.setsockopt,0,IF,socket.inet_aton('9.9.9.9'))
t('if badidx',s.setsockopt,0,IF,mreq('0.0.0.0',i=99))
t('if reset',s.setsockopt,0,IF,bytes(4)); t('if get',s.getsockopt,0,IF,4)
t('group_req',s.setsockopt,0,42,struct.pack('i4x',idx)+struct.pack('HH4s',2,0,socket.inet_aton('224.1.1.5')).ljust(128,b'\0'))
t('group_req leave',s.setsockopt,0,45,struct.pack('i4x',idx)+struct.pack('HH4s',2,0,socket.inet_aton('224.1.1.5')).ljust(128,b'\0'))
t('group_req fam',s.setsockopt,0,42,struct.pack('i4x',idx)+struct.pack('HH4s',10,0,socket.inet_aton('224.1.1.5')).ljust(128,b'\0'))
n=0
s2=U()
try:
    for i in range(30): s2.setsockopt(0,ADD,mreq('224.2.0.%d'%i,i=idx)); n+=1
except OSError as e: print('limit',n,E(e))
# delivery
def recv(s):
    try: d,a=s.recvfrom(100); return d,a[0]
    except OSError as e: return E(e) if e.errno else 'timeout'
for mcall in (1,0):
  for bind in ('0.0.0.0','224.3.3.3','10.0.0.1'):
    r=U(); r.bind((bind,5000)); r.setsockopt(0,49,mcall)
    o=U(); o.setsockopt(0,IF,mreq('0.0.0.0',i=idx))
    t('send nobody joined %d %s'%(mcall,bind),o.sendto,b'a',('224.3.3.3',5000)); print(recv(r))
    j=U(); j.setsockopt(0,ADD,mreq('224.3.3.3',i=idx))
    o.sendto(b'b',('224.3.3.3',5000)); print('other joined',recv(r))
    r.setsockopt(0,ADD,mreq('224.3.3.3',i=idx)); o.sendto(b'c',('224.3.3.3',5000)); print('joined',recv(r))
    o.setsockopt(0,LOOP,0); o.sendto(b'd',('224.3.3.3',5000)); print('no loop',recv(r)); o.setsockopt(0,LOOP,1)
    r.setsockopt(0,DROP,mreq('224.3.3.3',i=idx)); o.sendto(b'e',('224.3.3.3',5000)); print('left',recv(r))
    r.close(); j.close()
o=U(); t('send no route',o.sendto,b'x',('224.3.3.3',5000))
t('connect group',o.connect,('224.3.3.3',5000))
os.system('ip route add 224.0.0.0/4 dev v0'); t('send routed',o.sendto,b'x',('224.3.3.3',5000)); t('name',lambda: o.getsockname()[0])
o=U(); t('connect group routed',o.connect,('224.3.3.3',5000)); print(o.getsockname()[0])
o=U(); o.setsockopt(0,IF,socket.inet_aton('127.0.0.1')); t('connect group by lo',o.connect,('224.3.3.3',5000)); print(o.getsockname()[0])
# broadcast
o=U(); t('bcast denied',o.sendto,b'x',('10.0.0.255',5000)); t('bcast denied all',o.sendto,b'x',('255.255.255.255',5000)); t('connect bcast',o.connect,('10.0.0.255',5000))
o.setsockopt(1,6,1)
a,b,c=U(),U(),U()
for x in (a,b,c): x.setsockopt(1,2,1)
a.bind(('',5001)); b.bind(('10.0.0.255',5001)); c.bind(('10.0.0.1',5001))
t('bcast',o.sendto,b'x',('10.0.0.255',5001)); print([recv(x) for x in (a,b,c)])
t('bcast all',o.sendto,b'x',('255.255.255.255',5001)); print([recv(x) for x in (a,b,c)])
t('connect bcast ok',o.connect,('10.0.0.255',5001)); print(o.getsockname()[0], o.getpeername())
t('send',o.send,b'y'); print([recv(x) for x in (a,b,c)])
# cmsg
r=U(); r.bind(('',5002))
for n in (8,13,12,6,7,20): r.setsockopt(0,n,1)
def show(s):
    try: d,anc,fl,ad=s.recvmsg(100,1000)
    except OSError as e: print(E(e) if e.errno else 'timeout'); return
    print(d,[(l,ty,data.hex()) for l,ty,data in anc],fl,ad[0])
o=U(); o.setsockopt(0,1,0x10); o.setsockopt(0,2,9)
o.sendto(b'1',('127.0.0.1',5002)); show(r)
o.sendto(b'1',('10.0.0.1',5002)); show(r)
o.setsockopt(0,4,b'\x07\x07\x04\0\0\0\0\0'); o.sendto(b'2',('127.0.0.1',5002)); show(r)
o.setsockopt(0,4,b''); o.setsockopt(1,6,1); o.sendto(b'3',('10.0.0.255',5002)); show(r)
def sm(s,anc,to=('127.0.0.1',5002)): return s.sendmsg([b'z'],anc,0,to)
pi=lambda i,a: struct.pack('i4s4x',i,socket.inet_aton(a))
for label,anc in [('ttl',[(0,2,struct.pack('i',5))]),('ttl b',[(0,2,b'\5')]),('ttl 0',[(0,2,struct.pack('i',0))]),('ttl 256',[(0,2,struct.pack('i',256))]),('ttl short',[(0,2,b'\0\1')]),('tos',[(0,1,struct.pack('i',8))]),('tos b',[(0,1,b'\x20')]),('tos 256',[(0,1,struct.pack('i',256))]),('tos -1',[(0,1,struct.pack('i',-1))]),('pktinfo',[(0,8,pi(0,'127.0.0.5'))]),('pktinfo idx',[(0,8,pi(1,'0.0.0.0'))]),('pktinfo wrong',[(0,8,pi(0,'9.9.9.9'))]),('pktinfo badidx',[(0,8,pi(99,'0.0.0.0'))]),('pktinfo v0',[(0,8,pi(idx,'0.0.0.0'))]),('pktinfo short',[(0,8,b'123')]),('unknown ip',[(0,99,b'1234')]),('unknown sol',[(1,99,b'1234')]),('other level',[(6,1,b'1')]),('mark',[(1,36,struct.pack('i',7))]),('retopts',[(0,7,b'\1\1\1\0')]),('recvopts',[(0,6,b'\1\1\1\0')]),('proto',[(0,52,struct.pack('i',1))]),('prio',[(1,12,struct.pack('i',1))]),('segment',[(17,103,struct.pack('H',1))]),('segment4',[(17,103,struct.pack('i',1))]),('txtime',[(1,61,bytes(8))]),('rights',[(1,1,struct.pack('i',0))]),('tstamping',[(1,37,struct.pack('i',0))])]:
    t(label,sm,U(),anc); show(r)
END
show in_ns red python3 -u "$TMPDIR/datagrams.py"
