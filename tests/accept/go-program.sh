#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |   a Go server on 7777
#   +-------------+     veth     +-------------+
#
# timeout: 180
#
# Go makes its own system calls, has its own threads and its own poller.
. "$(dirname "$0")/lib.sh"

need go
mkdir -p "$TMPDIR/go" && cd "$TMPDIR/go" || exit 1
export GOCACHE="$TMPDIR/gocache" GOPATH="$TMPDIR/gopath" GOFLAGS=-mod=mod GO111MODULE=off
cat >main.go <<'END'
package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

func serve(at string) {
	l, err := net.Listen("tcp4", at)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			io.Copy(c, c)
			c.Close()
		}()
	}
}

func talk(at string, n int) (sum [32]byte, err error) {
	c, err := net.Dial("tcp4", at)
	if err != nil {
		return
	}
	defer c.Close()
	h := sha256.New()
	done := make(chan error)
	go func() {
		_, err := io.Copy(h, c)
		done <- err
	}()
	w := bufio.NewWriter(c)
	for i := 0; i < n; i++ {
		fmt.Fprintf(w, "%d\n", i)
	}
	w.Flush()
	c.(*net.TCPConn).CloseWrite()
	err = <-done
	copy(sum[:], h.Sum(nil))
	return
}

func main() {
	at := os.Args[2]
	if os.Args[1] == "serve" {
		serve(at)
		return
	}
	want := sha256.New()
	for i := 0; i < 200000; i++ {
		fmt.Fprintf(want, "%d\n", i)
	}
	sum, err := talk(at, 200000)
	fmt.Println("echo of a megabyte:", err, string(sum[:]) == string(want.Sum(nil)))

	var wait sync.WaitGroup
	var lock sync.Mutex
	good := 0
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if _, err := talk(at, 100); err == nil {
				lock.Lock()
				good++
				lock.Unlock()
			}
		}()
	}
	wait.Wait()
	fmt.Println("a hundred at once:", good)

	c, err := net.Dial("tcp4", at)
	fmt.Println("dial:", err)
	c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	_, err = c.Read(make([]byte, 1))
	fmt.Println("deadline:", errors.Is(err, os.ErrDeadlineExceeded))
	_, err = net.Dial("tcp4", "10.1.1.2:1")
	fmt.Println("refused:", errors.Is(err, syscall.ECONNREFUSED))
	_, err = net.DialTimeout("tcp4", "192.0.2.1:1", time.Second)
	fmt.Println("no route:", errors.Is(err, syscall.ENETUNREACH))
	d := net.Dialer{Timeout: 300 * time.Millisecond}
	_, err = d.Dial("tcp4", "10.1.1.99:1")
	var ne net.Error
	fmt.Println("timeout:", errors.As(err, &ne) && ne.Timeout())
	devices, err := net.Interfaces()
	for _, dev := range devices {
		addrs, _ := dev.Addrs()
		fmt.Println(dev.Index, dev.Name, dev.MTU, dev.Flags, addrs, err)
	}
}
END
go build -o prog main.go 2>build.log || skip "go does not build here: $(tail -n 1 build.log)"
CGO_ENABLED=0 go build -o prog-static main.go || exit 1

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
ip netns exec blue ./prog serve 10.1.1.2:7777 &
wait_listen blue tcp 7777
show ip netns exec red ./prog talk 10.1.1.2:7777
say 'without libc'
ip netns exec blue ./prog-static serve 10.1.1.2:7778 &
wait_listen blue tcp 7778
show ip netns exec red ./prog-static talk 10.1.1.2:7778
