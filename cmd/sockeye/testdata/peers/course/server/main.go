// Command server is the TCP server of the course notes: it thanks each client
// for the first 1024 bytes of what it said, and closes. It prints its port,
// then what it hears, and runs until it is killed.
package main

import (
	"fmt"
	"net"
)

func main() {
	ln, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(ln.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := ln.Accept()
		if err != nil {
			panic(err)
		}
		go process(conn)
	}
}

func process(conn net.Conn) {
	defer conn.Close()
	buffer := make([]byte, 1024)
	n, err := conn.Read(buffer)
	if err != nil {
		fmt.Println("Error:", err)
		return
	}
	fmt.Println("Received:", string(buffer[:n]))
	if _, err := conn.Write([]byte("Thanks! Got your message:" + string(buffer[:n]))); err != nil {
		fmt.Println("Error:", err)
	}
}
