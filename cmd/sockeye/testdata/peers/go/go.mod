module github.com/sockeye-io/sockeye/cmd/sockeye/testdata/peers/go

go 1.26.0

require (
	github.com/coder/websocket v1.8.15
	github.com/gorilla/websocket v1.5.3
)
