package load

// table holds the connections by number. It grows by pieces that never move, so that a million of them are neither copied
// nor held twice, and a *conn stays valid.
type table struct {
	pieces []*[pieceLen]conn
	n      int
}

const pieceLen = 1024

func (t *table) len() int { return t.n }

func (t *table) at(i int) *conn { return &t.pieces[uint(i)/pieceLen][uint(i)%pieceLen] }

// add appends a closed connection and gives its number.
func (t *table) add() int {
	if t.n == len(t.pieces)*pieceLen {
		t.pieces = append(t.pieces, new([pieceLen]conn))
	}
	t.n++
	return t.n - 1
}

// cut takes away all from n on, which must be closed. Their generations stay, for when they are used again.
func (t *table) cut(n int) { t.n = n }
