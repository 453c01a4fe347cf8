// Command rawnet is a TCP echo on package net with nothing in between, a goroutine and 4 KiB per connection: the floor
// that any server of that kind can be compared with.
package main

import (
	"net"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	rival.Main(map[string]rival.Role{"echo": rival.TCP(echo)})
}

func echo(c net.Conn) {
	buf := make([]byte, 4<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}
