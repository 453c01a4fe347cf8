package nethttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/sockeye-io/sockeye/adapters/nethttp"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// greeter answers with the name that its user has logged in with.
type greeter struct{}

func (greeter) OnOpen(*websocket.Conn, *websocket.Request) error { return nil }
func (greeter) OnClose(*websocket.Conn, error)                   {}
func (greeter) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	_ = c.WriteMessage(t, fmt.Appendf(nil, "%s, %s!", p, c.User()))
}

type userKey struct{}

// login is any middleware that knows who asks.
func login(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, ok := r.BasicAuth()
		if !ok {
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, name)))
	})
}

func Example() {
	e, err := engine.New(engine.Config{})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/greet", login(&nethttp.Handler{
		Engine: e,
		Server: websocket.NewServer(greeter{}, websocket.Options{}),
		User:   func(r *http.Request) any { return r.Context().Value(userKey{}) },
	}))
	site := httptest.NewServer(mux) // or http.ListenAndServe(":8080", mux)
	defer site.Close()

	ctx := context.Background()
	url := "ws://Ada:secret@" + strings.TrimPrefix(site.URL, "http://") + "/greet"
	c, err := websocket.DialClient(ctx, url, websocket.DialOptions{})
	if err != nil {
		panic(err)
	}
	_ = c.WriteMessage(ctx, websocket.Text, []byte("Good morning"))
	_, p, _ := c.ReadMessage(ctx)
	fmt.Println(string(p))
	_ = c.Close(websocket.CodeNormal, "")

	_ = e.Shutdown(ctx) // before http.Server.Shutdown, which does not know of connections that have left it
	// Output: Good morning, Ada!
}
