package engine

import "reflect"

// adoptees is what was adopted last. The connections of one server come one by one,
// each with the same handler and limits: they share a service, as those of a
// listener do, instead of holding one each, which is a fifth of their memory. The
// engine keeps that handler until it adopts for another.
type adoptees struct {
	h   Handler
	o   Options
	svc *service
}

// adopts returns the service for an adoption.
func (e *Engine) adopts(h Handler, o Options) (*service, error) {
	if h == nil || reflect.TypeOf(h).Kind() != reflect.Pointer {
		return newService(h, o) // comparing others may panic
	}
	if last := e.adoptees.Load(); last != nil && last.h == h && last.o == o {
		return last.svc, nil
	}
	svc, err := newService(h, o)
	if err == nil {
		e.adoptees.Store(&adoptees{h, o, svc})
	}
	return svc, err
}
