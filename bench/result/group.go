package result

// Group is what stands side by side: the cells of one scenario and title, in the order of File.Servers.
type Group struct {
	Scenario, Title string
	Cells           []*Cell
}

// Groups gives the groups in the order in which their first cells were measured.
func (f *File) Groups() []Group {
	var groups []Group
	for i := range f.Cells {
		c := &f.Cells[i]
		k := 0
		for k < len(groups) && (groups[k].Scenario != c.Scenario || groups[k].Title != c.Title) {
			k++
		}
		if k == len(groups) {
			groups = append(groups, Group{Scenario: c.Scenario, Title: c.Title})
		}
	}
	for k := range groups {
		g := &groups[k]
		for _, s := range f.Servers {
			for i := range f.Cells {
				c := &f.Cells[i]
				if c.Server == s.Name && c.Scenario == g.Scenario && c.Title == g.Title {
					g.Cells = append(g.Cells, c)
				}
			}
		}
	}
	return groups
}

// Of is the cell of one server, nil if there is none.
func (g Group) Of(server string) *Cell {
	for _, c := range g.Cells {
		if c.Server == server {
			return c
		}
	}
	return nil
}

// Ratio is c over base in one metric, round by round. It is empty when one of them lacks it.
func (c *Cell) Ratio(base *Cell, metric string) Series {
	if base == nil {
		return nil
	}
	a, b := c.Metrics[metric], base.Metrics[metric]
	n := min(len(a), len(b)) // an interrupted run may have more of one
	return a[:n].Over(b[:n])
}

// InDoubt is whether half of the rounds or more are in doubt, and the reason of the first that is.
func (c *Cell) InDoubt() (reason string, yes bool) {
	rounds := 0
	for _, s := range c.Metrics {
		rounds = max(rounds, len(s))
	}
	seen := map[int]bool{}
	for _, d := range c.Doubts {
		seen[d.Round] = true
	}
	if len(seen) == 0 || 2*len(seen) < rounds {
		return "", false
	}
	return c.Doubts[0].Reason, true
}
