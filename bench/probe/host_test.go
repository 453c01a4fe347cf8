package probe_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/probe"
	"github.com/sockeye-io/sockeye/bench/result"
)

// recorded is a copy of what a machine told, without the files named.
func recorded(t *testing.T, without ...string) (root string) {
	t.Helper()
	root = t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/recorded")); err != nil {
		t.Fatal(err)
	}
	for _, name := range without {
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestHostRecorded(t *testing.T) {
	t.Parallel()
	want := result.Machine{
		OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.18.44-fc-v657", CPU: "AMD EPYC", Processors: 2, Hypervisor: true,
		MemoryBytes: 24684092 << 10, Clocksource: "tsc", Somaxconn: 4096, LocalPorts: "32768 60999", LoadBefore: 0.52,
	}
	got, err := probe.HostAt(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHostThatTellsLittle(t *testing.T) {
	t.Parallel()
	root := recorded(t, "etc/os-release", "proc/sys/kernel/osrelease", "proc/sys/net/core/somaxconn",
		"proc/sys/net/ipv4/ip_local_port_range", "sys/devices/system/clocksource/clocksource0/current_clocksource")
	want := result.Machine{
		OS: "Linux", CPU: "AMD EPYC", Processors: 2, Hypervisor: true, MemoryBytes: 24684092 << 10, LoadBefore: 0.52,
	}
	got, err := probe.HostAt(root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHostWithoutProc(t *testing.T) {
	t.Parallel()
	for _, without := range []string{"proc/cpuinfo", "proc/meminfo", "proc/loadavg"} {
		if _, err := probe.HostAt(recorded(t, without)); err == nil || !strings.HasPrefix(err.Error(), "probe: ") {
			t.Errorf("without %s: error %v", without, err)
		}
	}
	if _, err := probe.HostAt(t.TempDir()); err == nil {
		t.Error("without /proc: no error")
	}
}

func TestHostAlive(t *testing.T) {
	t.Parallel()
	m, err := probe.Host()
	if err != nil {
		t.Fatal(err)
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	if want := unix.ByteSliceToString(name.Release[:]); m.Kernel != want {
		t.Errorf("kernel %q, want %q", m.Kernel, want)
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		t.Fatal(err)
	}
	if want := int64(info.Totalram) * int64(info.Unit); m.MemoryBytes != want {
		t.Errorf("%d bytes of memory, want %d", m.MemoryBytes, want)
	}
	if m.Processors == 0 || m.DescriptorLimit == 0 || m.Somaxconn == 0 || m.OS == "" || !strings.Contains(m.LocalPorts, " ") {
		t.Errorf("%+v", m)
	}
	if load, err := probe.LoadAverage(); err != nil || load < 0 {
		t.Errorf("load %v, %v", load, err)
	}
}
