package guest

import (
	"time"

	"github.com/prometheus/procfs"

	"github.com/sockeye-io/sockeye/bench/million"
	"github.com/sockeye-io/sockeye/bench/probe"
)

// machine is what all of the guest has in use.
type machine struct {
	sockets                     int // of TCP
	slab, pageTables, available int64
}

func look() (machine, error) {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return machine{}, err
	}
	info, err := proc.Meminfo()
	if err != nil {
		return machine{}, err
	}
	stat, err := proc.NetSockstat()
	if err != nil {
		return machine{}, err
	}
	m := machine{slab: value(info.SlabBytes), pageTables: value(info.PageTablesBytes), available: value(info.MemAvailableBytes)}
	for _, p := range stat.Protocols {
		if p.Protocol == "TCP" {
			m.sockets = p.InUse
		}
	}
	return m, nil
}

func value(p *uint64) int64 {
	if p == nil {
		return 0
	}
	return int64(*p)
}

// rest waits until neither the server's memory nor the kernel's has moved for so long, and gives the last of both. A
// server may take a moment to give back what a burst of connections used, and the kernel frees sockets in the background.
func rest(p probe.Process, long time.Duration) (rss int64, m machine, err error) {
	const looks, patience = 6, 90 * time.Second
	var level, slab int64
	same := 0
	for end := time.Now().Add(patience); ; time.Sleep(long / looks) {
		mem, err := p.Memory()
		if err != nil {
			return 0, machine{}, err
		}
		if m, err = look(); err != nil {
			return 0, machine{}, err
		}
		if near(mem.RSS, level) && near(m.slab, slab) {
			same++
		} else {
			level, slab, same = mem.RSS, m.slab, 0
		}
		if same == looks || time.Now().After(end) {
			return mem.RSS, m, nil
		}
	}
}

// near is within a thousandth, or 256 KiB.
func near(a, b int64) bool { return max(a-b, b-a) <= max(256<<10, b/1000) }

// stage measures the guest at rest.
func (c *course) stage(name string, took time.Duration) (*million.Stage, error) {
	rss, m, err := rest(c.server.Process, c.job.Rest)
	if err != nil {
		return nil, err
	}
	s := &million.Stage{
		Name: name, At: time.Since(c.began), Took: took, Connections: c.connections, Sockets: m.sockets,
		ServerRSS: rss, Slab: m.slab, PageTables: m.pageTables, Available: m.available,
	}
	if s.ServerCPU, err = c.server.Process.CPUTime(); err != nil {
		return nil, err
	}
	if s.LoadCPU, err = c.load.Process.CPUTime(); err != nil {
		return nil, err
	}
	mem, err := c.load.Process.Memory()
	if err != nil {
		return nil, err
	}
	s.LoadRSS = mem.RSS
	if c.job.Vitals {
		if err := c.server.Collect(); err != nil {
			// A collection of very much takes longer than is waited for. Late answers must not be taken for later ones.
			c.job.Vitals = false
			c.say(million.Line{Note: err.Error()})
			return s, nil
		}
		if mem, err = c.server.Process.Memory(); err != nil {
			return nil, err
		}
		s.Collected = mem.RSS
	}
	return s, nil
}
