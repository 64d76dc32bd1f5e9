#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | e0 10.1.1.1 |--------------| e0 10.1.1.2 |
#   | e1 ----- e2 |              |             |    e1 wanders
#   +-------------+              +-------------+
#
# Devices: names, renaming, moving, and who may not.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red e0 10.1.1.1/24 blue e0 10.1.1.2/24
show ip -n red link add e1 type veth peer name e2
show ip -n red link
say 'names'
show ip -n red link add e1 type veth peer name e9
show ip -n red link add e9 type veth peer name e1
show ip -n red link set e1 name e2
show ip -n red link set e1 name verylongdevname1
show ip -n red link set e1 name 'a/b'
show ip -n red link set e1 name n1
show ip -n red link set nothere name n2
show ip -n red link show e1
show ip -n red -br link
show ip -n red link add bad type nosuchkind
show ip -n red link del nothere
show ip -n red link del lo
say 'a device that is up may be renamed; it keeps its addresses'
show ip -n red link set n1 up
show ip -n red addr add 10.5.0.1/24 dev n1
show ip -n red link set n1 name e1
show ip -n red addr show e1
show ip -n red route
say 'moved: down, without address or route, with its number'
show ip -n red link set e1 netns blue
settle blue e0
show ip -n blue addr
show ip -n red route
show ip -n red link
say 'there is one of that name there'
show ip -n red link set e0 netns blue
show ip -n red link set e0 netns nowhere
show ip -n red link set lo netns blue
show ip -n red link set nothere netns blue
show ip -n red -br link
say 'but under another name it may'
show ip -n red link set e2 netns blue name e3
show ip -n blue link
say 'here already: nothing happens'
show ip -n blue link set e3 netns blue
show ip -n blue -br link
say 'both ends in one place talk'
show ip -n blue link set e1 up
show ip -n blue link set e3 up
settle blue e1
settle blue e3
ip -n blue -br link | awk '{ print $1, $2 }'
say 'by pid'
sleep 30 &
ip -n blue link set e3 netns $!
show ip -br link show e3
show ip link set e3 netns red
show ip -n red link show e3
show ip -n red link set e3 netns 999999
say 'mtu, address, alias, queue length'
show ip -n red link set e3 mtu 9000 address 02:00:00:00:00:33 txqueuelen 7 alias 'the third'
ip -n red link show e3 | sed 's/link-netns.*//'
show ip -n red link set e3 mtu 10
show ip -n red link set e3 mtu 70000
say 'one end is deleted, the other goes with it'
show ip -n red link del e3
show ip -n blue -br link
say 'a namespace goes, and with it the far ends of its wires'
show ip netns del red
gone() { ! ip -n blue link show e0; }
until_true 5 gone
show ip -n blue link
