// Package fasthttp serves programs that are written for valyala/fasthttp, and for
// fasthttp/websocket, on the loops of package engine.
package fasthttp
