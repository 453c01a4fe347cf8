package engine

// Ready answers why one more connection would be refused at this moment:
// ErrServerClosed, ErrTooManyConns, or nil. A server that hands connections over
// can ask while it is still able to answer its client. Any goroutine may call it.
func (e *Engine) Ready() error {
	select {
	case <-e.draining:
		return ErrServerClosed
	default:
	}
	if e.cfg.MaxConns > 0 && e.open.Load() >= int64(e.cfg.MaxConns) {
		return ErrTooManyConns
	}
	return nil
}
