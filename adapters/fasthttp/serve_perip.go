package fasthttp

import "sync"

// perIP counts the connections of each address, for Server.MaxConnsPerIP.
type perIP struct {
	mu sync.Mutex
	of map[[16]byte]int
}

// enter counts c, unless its address has as many connections as it may.
func (p *perIP) enter(c *conn, limit int) bool {
	if c.remote == (address{}) {
		return true
	}
	ip := c.remote.ip
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[ip] >= limit {
		return false
	}
	p.of[ip]++
	c.counted = true
	return true
}

func (p *perIP) leave(c *conn) {
	if !c.counted {
		return
	}
	c.counted = false
	ip := c.remote.ip
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[ip]--; p.of[ip] == 0 {
		delete(p.of, ip)
	}
}
