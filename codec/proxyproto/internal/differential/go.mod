module github.com/sockeye-io/sockeye/codec/proxyproto/internal/differential

go 1.26.0

require (
	github.com/pires/go-proxyproto v0.15.0
	github.com/sockeye-io/sockeye v0.0.0
)

replace github.com/sockeye-io/sockeye => ../../../..
