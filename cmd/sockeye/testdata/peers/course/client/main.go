// Command client is the TCP client of the course notes: it greets a server,
// prints the answer and closes. Its argument is the server's port.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	conn, err := net.Dial("tcp", net.JoinHostPort("localhost", os.Args[1]))
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("Hello Server! Greetings.")); err != nil {
		panic(err)
	}
	buffer := make([]byte, 1024)
	n, err := conn.Read(buffer)
	if err != nil {
		panic(err)
	}
	fmt.Println("Received:", string(buffer[:n]))
}
