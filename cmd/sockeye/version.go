package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// version is what sockeye version tells; empty means that the build does not say.
type version struct {
	Schema   int    `json:"schema"` // of this JSON
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Modified bool   `json:"modified"` // the tree had changes that are not in Commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Gnet     string `json:"gnet"`
	Gobwas   string `json:"gobwas_ws"`
}

func newVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Tell the version of sockeye and of what it is built on",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versionOf(buildInfo())
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(v)
			}
			commit := v.Commit
			if v.Modified {
				commit += " (modified)"
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, row := range [][2]string{
				{"sockeye", v.Version},
				{"commit", commit},
				{"go", v.Go + " " + v.Platform},
				{"gnet", v.Gnet},
				{"gobwas/ws", v.Gobwas},
			} {
				if row[1] == "" {
					row[1] = "unknown"
				}
				fmt.Fprintf(w, "%s\t%s\n", row[0], row[1])
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func buildInfo() *debug.BuildInfo {
	if bi, ok := debug.ReadBuildInfo(); ok {
		return bi
	}
	return &debug.BuildInfo{}
}

func versionOf(bi *debug.BuildInfo) version {
	v := version{
		Schema: 1, Version: bi.Main.Version,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if v.Version == "" {
		v.Version = "(devel)"
	}
	for _, s := range bi.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, m := range bi.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		switch m.Path {
		case "github.com/panjf2000/gnet/v2":
			v.Gnet = m.Version
		case "github.com/gobwas/ws":
			v.Gobwas = m.Version
		}
	}
	return v
}
