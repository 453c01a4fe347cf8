package bench

// Machine is one that a Plan is completed for.
type Machine = machine

// NewMachine makes one of these processors, of which the first shares its core with threads.
func NewMachine(processors, threads []int, taskset bool, connections int) Machine {
	return Machine{processors: processors, threads: threads, taskset: taskset, connections: connections}
}

// Complete is what Run does first.
func (p Plan) Complete(m Machine) (Plan, error) { return p.complete(m) }

// Largest is the most connections that a cell of a complete plan has.
func (p Plan) Largest() int {
	n := 0
	for _, c := range p.cells() {
		n = max(n, c.connections)
	}
	return n
}

var (
	ParseList = parseList
	Turn      = turn
)
