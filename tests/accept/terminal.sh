#!/bin/sh
#
#     pty --- a shell with jobs --- warren run --- a shell with jobs
#
# only: warren
# inside: no
#
# On a terminal: Ctrl-C, Ctrl-Z, the size, the foreground.
. "$(dirname "$0")/lib.sh"

cat >term.py <<'END'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

class Terminal:
    def __init__(self, argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["PS1"] = "ready> "
            os.execvp(argv[0], argv)
        self.seen = ""

    def wait(self, what, seconds=5):
        end = time.time() + seconds
        while not re.search(what, self.seen):
            if time.time() > end or not select.select([self.fd], [], [], 0.1)[0]:
                if time.time() > end:
                    print("never saw", repr(what), "in", repr(self.seen[-300:]))
                    return False
                continue
            try:
                self.seen += os.read(self.fd, 4096).decode("utf-8", "replace")
            except OSError:
                return bool(re.search(what, self.seen))
        self.seen = self.seen[re.search(what, self.seen).end():]
        return True

    def type(self, text):
        os.write(self.fd, text.encode())

    def size(self, rows, cols):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

W = os.environ["WARREN"]
SH = [W, "run", "--", "bash", "--norc", "--noprofile", "-i"]

t = Terminal(SH)
print("a prompt", t.wait("ready> "))
t.type("tty >/dev/null && echo is-a-$((1))-tty\n")
print("a terminal", t.wait("is-a-1-tty") and t.wait("ready> "))
t.type("sleep 100\n"); time.sleep(0.5); t.type("\x03")
print("Ctrl-C ends a program", t.wait("ready> "))
t.type("ip link set lo up; python3 -c 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0)); s.listen(); print(\"wait\" + \"ing\"); s.accept()'\n")
t.wait("waiting"); time.sleep(0.3); t.type("\x03")
print("also one that waits in a call", t.wait("KeyboardInterrupt") and t.wait("ready> "))
t.type("sleep 100\n"); time.sleep(0.5); t.type("\x1a")
print("Ctrl-Z stops it", t.wait("Stopped") and t.wait("ready> "))
t.type("bg; jobs -r\n")
print("it goes on behind", t.wait("Running") and t.wait("ready> "))
t.type("kill %1; wait; echo gone-$((2))\n")
print("and is ended", t.wait("gone-2") and t.wait("ready> "))
t.size(33, 77)
t.type("stty size\n")
print("the size", t.wait("33 77"))
t.type("exit 9\n")
print("its status", os.waitstatus_to_exitcode(os.waitpid(t.pid, 0)[1]))

t = Terminal(["bash", "--norc", "--noprofile", "-i"])
t.wait("ready> ")
t.type(W + " run -- sleep 100\n"); time.sleep(1); t.type("\x1a")
print("Ctrl-Z stops warren too", t.wait("Stopped") and t.wait("ready> "))
t.type("fg\n"); time.sleep(0.5); t.type("\x03")
print("fg, Ctrl-C", t.wait("ready> "))
t.type("echo status-$?\n")
print("its status", t.wait("status-130") and t.wait("ready> "))
t.type(W + " run -- cat &\n"); time.sleep(1)
t.type("jobs\n")
print("behind, it may not read", t.wait("Stopped") and t.wait("ready> "))
t.type("kill %1; fg\n"); t.wait("ready> ")
t.type("exit\n")
END
python3 term.py
