package main

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// compressOptions are the flags of permessage-deflate.
type compressOptions struct {
	on         bool
	takeover   bool
	level      int
	threshold  size
	windowBits int

	z *websocket.Compression // what they ask for, shared by all listeners; nil is none
}

func (o *compressOptions) add(f *pflag.FlagSet) {
	o.threshold = 128
	f.BoolVar(&o.on, "compress", false, "compress WebSocket messages for clients that offer it (permessage-deflate)")
	f.BoolVar(&o.takeover, "compress-takeover", false, "let a message refer to those before it: smaller ones, for up to 64 KiB of memory a connection")
	f.IntVar(&o.level, "compress-level", 1, "1 (fastest) to 9 (smallest)")
	f.Var(&o.threshold, "compress-threshold", "bytes of the smallest message that is compressed; 0 means all")
	f.IntVar(&o.windowBits, "compress-window-bits", 15, "8 to 15: how far back a message refers, 256 bytes to 32 KiB")
}

// read makes z of flags that were set.
func (o *compressOptions) read(f *pflag.FlagSet) error {
	switch {
	case !o.on:
		alone := ""
		f.Visit(func(fl *pflag.Flag) {
			if strings.HasPrefix(fl.Name, "compress-") {
				alone = fl.Name
			}
		})
		if alone != "" {
			return usagef("--%s needs --compress", alone)
		}
		return nil
	case o.level < 1 || o.level > 9:
		return usagef("--compress-level is %d, want 1 to 9", o.level)
	case o.windowBits < 8 || o.windowBits > 15:
		return usagef("--compress-window-bits is %d, want 8 to 15", o.windowBits)
	}
	o.z = &websocket.Compression{Level: o.level, Threshold: int(o.threshold), Takeover: o.takeover, WindowBits: o.windowBits}
	if o.threshold == 0 {
		o.z.Threshold = -1
	}
	return nil
}
