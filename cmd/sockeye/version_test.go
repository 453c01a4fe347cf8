package main_test

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"

	main "github.com/sockeye-io/sockeye/cmd/sockeye"
)

func TestVersionOf(t *testing.T) {
	t.Parallel()
	bi := &debug.BuildInfo{
		Main: debug.Module{Path: "github.com/sockeye-io/sockeye", Version: "v1.2.3"},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123abcd"}, {Key: "vcs.modified", Value: "true"},
		},
		Deps: []*debug.Module{
			{Path: "github.com/gobwas/ws", Version: "v1.5.0"},
			{Path: "github.com/panjf2000/gnet/v2", Version: "v2.10.0"},
		},
	}
	want := map[string]any{
		"schema": 1., "version": "v1.2.3", "commit": "0123abcd", "modified": true,
		"go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "gnet": "v2.10.0", "gobwas_ws": "v1.5.0",
	}
	b, err := json.Marshal(main.VersionOf(bi))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
