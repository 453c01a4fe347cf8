package probe

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/result"
)

// Host describes this machine. LoadAfter, StealShare and ForeignCPU are for whoever runs something to fill in, from
// LoadAverage and Busy. What the system does not tell is left empty; an error means that /proc is not as Linux has it.
func Host() (result.Machine, error) {
	m, err := host("/")
	if err != nil {
		return result.Machine{}, err
	}
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return result.Machine{}, wrap(err)
	}
	m.Arch = runtime.GOARCH
	m.DescriptorLimit = lim.Max // the hard one: Go raises its own to it, and so does our load
	return m, nil
}

// LoadAverage is the number of tasks that ran or wanted to over the last minute, on average.
func LoadAverage() (float64, error) {
	proc, err := procAt("/")
	if err != nil {
		return 0, err
	}
	load, err := proc.LoadAvg()
	if err != nil {
		return 0, wrap(err)
	}
	return load.Load1, nil
}

// host is what the files below root tell.
func host(root string) (result.Machine, error) {
	proc, err := procAt(root)
	if err != nil {
		return result.Machine{}, err
	}
	cpus, err := proc.CPUInfo()
	if err != nil {
		return result.Machine{}, wrap(err)
	}
	meminfo, err := proc.Meminfo()
	if err != nil {
		return result.Machine{}, wrap(err)
	}
	load, err := proc.LoadAvg()
	if err != nil {
		return result.Machine{}, wrap(err)
	}
	m := result.Machine{
		OS:          osName(root),
		Kernel:      line(root, "proc/sys/kernel/osrelease"),
		Processors:  len(cpus), // those that are on line, whatever this process may use
		Clocksource: line(root, "sys/devices/system/clocksource/clocksource0/current_clocksource"),
		LocalPorts:  strings.Join(strings.Fields(line(root, "proc/sys/net/ipv4/ip_local_port_range")), " "),
		LoadBefore:  load.Load1,
	}
	if meminfo.MemTotalBytes != nil {
		m.MemoryBytes = int64(*meminfo.MemTotalBytes)
	}
	if len(cpus) > 0 {
		m.CPU = cmp.Or(cpus[0].ModelName, runtime.GOARCH) // ARM has numbers instead of a name
		m.Hypervisor = slices.Contains(cpus[0].Flags, "hypervisor")
	}
	m.Somaxconn, _ = strconv.Atoi(line(root, "proc/sys/net/core/somaxconn")) // 0: not told
	return m, nil
}

// osName is what a distribution calls itself (os-release(5)), or "Linux".
func osName(root string) string {
	text, _ := os.ReadFile(filepath.Join(root, "etc/os-release"))
	for l := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(l, "PRETTY_NAME="); ok {
			return strings.Trim(strings.TrimSpace(name), `"'`)
		}
	}
	return "Linux"
}

// line is a file of one line, empty if it cannot be read.
func line(root, name string) string {
	text, _ := os.ReadFile(filepath.Join(root, name))
	return strings.TrimSpace(string(text))
}

func procAt(root string) (procfs.FS, error) {
	proc, err := procfs.NewFS(filepath.Join(root, "proc"))
	if err != nil {
		return procfs.FS{}, wrap(err)
	}
	return proc, nil
}

func wrap(err error) error { return fmt.Errorf("probe: %w", err) }
