// Command fiber3 serves what fiber_test.go asks for, with fiber v3 and gofiber's contrib/websocket. It differs from
// cmd/fiber2 only where the two versions of fiber do.
package main

import (
	"flag"
	"fmt"
	"log"
	"sync"

	underlying "github.com/fasthttp/websocket"
	"github.com/gofiber/contrib/v3/websocket"
	"github.com/gofiber/fiber/v3"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "`HOST:PORT` to listen at")
	flag.Parse()
	log.SetFlags(0)

	app := fiber.New()
	app.Use(func(c fiber.Ctx) error {
		c.Locals("user", "anna")
		return c.Next()
	})
	app.Get("/seen/:room/:seat?", websocket.New(seen, websocket.Config{Subprotocols: []string{"superchat", "chat"}}))
	app.Get("/echo", websocket.New(echo))
	app.Get("/filtered", websocket.New(echo, websocket.Config{
		Next: func(c fiber.Ctx) bool { return c.Query("pass") != "yes" },
	}), func(c fiber.Ctx) error {
		return c.SendString(fmt.Sprint("upgrade: ", websocket.IsWebSocketUpgrade(c)))
	})
	app.Get("/origins", websocket.New(echo, websocket.Config{
		Origins: []string{"http://one.example", "http://two.example"},
	}))
	app.Get("/buffers", websocket.New(echo, websocket.Config{
		ReadBufferSize: 64, WriteBufferSize: 64, WriteBufferPool: new(sync.Pool),
	}))
	app.Get("/deflate", websocket.New(echo, websocket.Config{EnableCompression: true}))
	app.Get("/panic", websocket.New(func(*websocket.Conn) { panic("on purpose") }))
	app.Get("/panic/told", websocket.New(func(*websocket.Conn) { panic("on purpose") }, websocket.Config{
		RecoverHandler: func(c *websocket.Conn) {
			if r := recover(); r != nil {
				_ = c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "recovered from %v", r))
			}
		},
	}))
	app.Get("/kept", websocket.New(func(c *websocket.Conn) { kept.Store(c.Conn, nil) }))
	app.Get("/kept/use", func(c fiber.Ctx) error { return c.JSON(use()) })
	app.Get("/callback", websocket.New(callback))
	log.Fatal(app.Listen(*addr, fiber.ListenConfig{DisableStartupMessage: true}))
}

// seen tells what the handler knows about the request, and then echoes.
func seen(c *websocket.Conn) {
	_ = c.WriteJSON(map[string]any{
		"local":       c.Locals("user"),
		"params":      []string{c.Params("room"), c.Params("seat", "any")},
		"queries":     []string{c.Query("a"), c.Query("b", "none")},
		"cookies":     []string{c.Cookies("flavour"), c.Cookies("size", "none")},
		"headers":     []string{c.Headers("X-Seen"), c.Headers("X-Missing", "none")},
		"ip":          c.IP(),
		"subprotocol": c.Subprotocol(),
	})
	echo(c)
}

func echo(c *websocket.Conn) {
	for {
		kind, p, err := c.ReadMessage()
		if err != nil {
			switch {
			case websocket.IsUnexpectedCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway):
				log.Println("unexpected:", err)
			case websocket.IsCloseError(err, websocket.CloseGoingAway):
				log.Println("going away:", err)
			}
			return
		}
		if err := c.WriteMessage(kind, p); err != nil {
			return
		}
	}
}

// kept holds connections whose handlers have returned.
var kept sync.Map

// use tries what they are still good for.
func use() []string {
	results := []string{}
	kept.Range(func(key, _ any) bool {
		c := key.(*underlying.Conn)
		results = append(results, fmt.Sprint("write: ", c.WriteMessage(websocket.TextMessage, []byte("an intruder"))))
		_, p, err := c.ReadMessage()
		results = append(results, fmt.Sprintf("read: %q %v", p, err))
		return true
	})
	return results
}

// callback leaves the connection to its loop, which only the drop-in can.
func callback(c *websocket.Conn) {
	type caller interface {
		OnMessage(f func(c *underlying.Conn, kind int, p []byte)) error
	}
	user := c.Locals("user") // c belongs to another connection once this function has returned
	err := any(c.Conn).(caller).OnMessage(func(c *underlying.Conn, kind int, p []byte) {
		_ = c.WriteMessage(kind, fmt.Appendf(nil, "%v: %s", user, p))
	})
	if err != nil {
		log.Println(err)
	}
}
