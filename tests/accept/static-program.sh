#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |
#   +-------------+     veth     +-------------+
#
# A program without a dynamic linker: nothing can be loaded into it.
. "$(dirname "$0")/lib.sh"

need cc
cd "$TMPDIR" || exit 1
cat >prog.c <<'END'
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(99) };
	char buf[100] = "";
	int s = socket(AF_INET, SOCK_STREAM, 0), c;

	inet_pton(AF_INET, "10.1.1.2", &at.sin_addr);
	if (argc > 1 && !strcmp(argv[1], "serve")) {
		if (bind(s, (void *)&at, sizeof(at)) || listen(s, 5))
			return perror("serve"), 1;
		while ((c = accept(s, NULL, NULL)) >= 0) {
			ssize_t n = read(c, buf, sizeof(buf));
			if (n > 0)
				write(c, buf, n);
			close(c);
		}
		return 0;
	}
	if (connect(s, (void *)&at, sizeof(at)))
		return perror("connect"), 1;
	write(s, "static", 6);
	struct pollfd p = { .fd = s, .events = POLLIN };
	printf("poll %d\n", poll(&p, 1, 3000));
	printf("read %zd %s\n", read(s, buf, sizeof(buf)), buf);
	printf("read %zd\n", read(s, buf, sizeof(buf)));
	if (vfork() == 0) {
		execl("/bin/echo", "echo", "a child that was vforked", NULL);
		_exit(1);
	}
	wait(NULL);
	return 0;
}
END
cc -static -O1 -w -o prog prog.c 2>/dev/null || skip 'no static libc here'
netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
show ip netns exec red ./prog
ip netns exec blue ./prog serve &
wait_listen blue tcp 99
show ip netns exec red ./prog
show ./prog
