// Package contender knows every server that is measured: what it is, how it is built from source, where its program or
// runtime is found, and how it is started.
package contender

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/result"
)

// Contender is a server that can be measured. It is plain data, to be copied and changed before it is built.
type Contender struct {
	// Server is what the reports say. Version and Command are empty; those of a Built are filled.
	result.Server
	Protocol load.Protocol
	// Roles are the values of --handler that it takes, "echo" first. One without roles is started without the flag.
	Roles []string
	// Go is whether it collects its garbage on SIGUSR1 and tells its vitals on SIGUSR2.
	Go bool

	// Module and Package are what is compiled, for a server in Go: a folder of the source tree, and a command below it,
	// "bench/rivals" and "./cmd/gorilla". Both are empty for what is in the executable Bench.Self.
	Module, Package string
	// Library is the Go module whose version counts. Empty is that of the program itself; "std" is Go.
	Library string
	// Script is what Runtime, node or bun, is given to run: a file of the source tree.
	Runtime, Script string
	// Args come before --listen and --handler.
	Args []string
	// Listen is the value of --listen; empty is 127.0.0.1:0.
	Listen string
}

var (
	bothRoles = []string{"echo", "broadcast"}
	echoOnly  = []string{"echo"}
)

// All are the servers, in the order in which they are shown.
func All() []Contender {
	return []Contender{
		{
			Server:   result.Server{Name: "sockeye", Language: "Go", About: "sockeye serve: few loops, no goroutine per connection"},
			Protocol: load.WebSocket, Roles: bothRoles, Go: true,
			Args: []string{"serve"}, Listen: "ws://127.0.0.1:0/",
		},
		{
			Server: result.Server{
				Name: "goroutines", Language: "Go",
				About: "Sockeye's codec and handler, a goroutine per connection: only the I/O differs",
			},
			Protocol: load.WebSocket, Roles: bothRoles, Go: true,
			Args: []string{"bench", "server", "goroutines"},
		},
		rival("gorilla", "github.com/gorilla/websocket", bothRoles, "gorilla/websocket on net/http"),
		rival("gws", "github.com/lxzan/gws", bothRoles, "lxzan/gws on net/http"),
		rival("nbio", "github.com/lesismal/nbio", bothRoles, "lesismal/nbio, its own pollers"),
		rival("coder", "github.com/coder/websocket", bothRoles, "coder/websocket on net/http"),
		named("fasthttp", rival("fasthttpws", "github.com/fasthttp/websocket", bothRoles, "fasthttp/websocket on fasthttp")),
		rival("gobwas", "github.com/gobwas/ws", bothRoles, "gobwas/ws and wsutil, a goroutine per connection, unbuffered as in its README"),
		raw("rawnet", "std", "bare TCP: package net, a goroutine per connection"),
		raw("rawgnet", "github.com/panjf2000/gnet/v2", "bare TCP: gnet, what Sockeye stands on"),
		script("ws", "JavaScript", "node", "ws on Node"),
		script("bun", "JavaScript, C++", "bun", "Bun.serve, which has uWebSockets inside"),
	}
}

func rival(name, library string, roles []string, about string) Contender {
	return Contender{
		Server:   result.Server{Name: name, Language: "Go", About: about},
		Protocol: load.WebSocket, Roles: roles, Go: true,
		Module: "bench/rivals", Package: "./cmd/" + name, Library: library,
	}
}

// raw is a rival without WebSocket.
func raw(name, library, about string) Contender {
	c := rival(name, library, echoOnly, about)
	c.Protocol = load.TCP
	return c
}

// named is a rival whose command is called otherwise.
func named(name string, c Contender) Contender {
	c.Name = name
	return c
}

func script(name, language, runtime, about string) Contender {
	return Contender{
		Server:   result.Server{Name: name, Language: language, About: about},
		Protocol: load.WebSocket, Roles: bothRoles,
		Runtime: runtime, Script: "bench/rivals/js/" + name + ".js",
	}
}

// Names are those of All.
func Names() []string {
	var names []string
	for _, c := range All() {
		names = append(names, c.Name)
	}
	return names
}

// Named gives the servers of these names, in the order of All whatever theirs is, each once.
func Named(names ...string) ([]Contender, error) {
	all := All()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(c Contender) bool { return c.Name == name }) {
			return nil, fmt.Errorf("no server %q: there are %s", name, strings.Join(Names(), ", "))
		}
	}
	return slices.DeleteFunc(all, func(c Contender) bool { return !slices.Contains(names, c.Name) }), nil
}

// Does is whether the server takes the role.
func (c *Contender) Does(role string) bool { return slices.Contains(c.Roles, role) }
