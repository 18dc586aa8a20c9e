package poll

import (
	"container/heap"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// task is one thing that is polled again and again.
type task struct {
	name string // for errors and logs
	run  func(ctx context.Context)
	next func(now time.Time) time.Time // when to run again, asked when run has ended
	keep func() bool                   // whether to run at all and again; nil: always

	// group is of tasks that hurry brings forward together; nil: none.
	group *group
	// yields tasks run only while no other one is due: however many they are,
	// those wait at most for the calls that are under way.
	yields bool

	due     time.Time
	order   int  // among tasks that are due at the same time
	hurries int  // of the group when the task was taken out
	again   bool // due at once when it is done
}

// group is tasks that become due together. The queue's mutex guards it.
type group struct{ hurries int } // calls of hurry so far

// queue holds the tasks of one account that are not running, the earliest first.
type queue struct {
	mu      sync.Mutex
	tasks   taskHeap
	yield   taskHeap // those that yield to the others
	running int
	added   int
	ended   bool
	wake    chan struct{} // holds one when the head may have changed
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// heapOf is where a task waits.
func (q *queue) heapOf(t *task) *taskHeap {
	if t.yields {
		return &q.yield
	}
	return &q.tasks
}

// add puts a task in, due at t.
func (q *queue) add(t *task, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.added++
	t.due, t.order = due, q.added
	heap.Push(q.heapOf(t), t)
	q.signal()
}

// done puts a task that has run back in. One that ran while its group was
// hurried may have finished with what that is to mend, and is due again now.
func (q *queue) done(t *task, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	t.due = due
	if t.again || t.group != nil && t.hurries != t.group.hurries {
		t.due = time.Now()
	}
	t.again = false
	heap.Push(q.heapOf(t), t)
	q.signal()
}

// forget counts a task as done for good.
func (q *queue) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
}

// advance makes a task due now, or again once it is done if it runs.
func (q *queue) advance(t *task, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.heapOf(t)
	i := slices.Index(*h, t)
	if i < 0 {
		t.again = true
		return
	}
	if t.due.After(now) {
		t.due = now
		heap.Fix(h, i)
		q.signal()
	}
}

// hurry makes every task of a group due now, those that run when they are done.
func (q *queue) hurry(g *group, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	g.hurries++
	for _, h := range []*taskHeap{&q.tasks, &q.yield} {
		for _, t := range *h {
			if t.group == g && t.due.After(now) {
				t.due = now
			}
		}
		heap.Init(h)
	}
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default: // one is enough
	}
}

// take waits for the next task to be due and takes it out. It returns nil when
// ctx is done.
func (q *queue) take(ctx context.Context) *task {
	for ctx.Err() == nil {
		t, wait := q.head(time.Now())
		if t != nil {
			return t
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-q.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
	return nil
}

// first is the task that was due first, nil where none waits.
func (q *queue) first() *task {
	switch {
	case len(q.tasks) == 0 && len(q.yield) == 0:
		return nil
	case len(q.yield) == 0 || len(q.tasks) > 0 && !q.tasks[0].due.After(q.yield[0].due):
		return q.tasks[0]
	default:
		return q.yield[0]
	}
}

// lateness is how long ago the first waiting task of each kind was due. Those
// that yield say nothing of the others, which do not wait for them.
func (q *queue) lateness(now time.Time) lateness {
	q.mu.Lock()
	defer q.mu.Unlock()
	return lateness{first: q.tasks.lateness(now), yielding: q.yield.lateness(now)}
}

// idle is how long take sleeps while there is nothing to wait for.
const idle = time.Minute

// head takes out the first task if it is due, else says how long to wait.
func (q *queue) head(now time.Time) (*task, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.first()
	if t == nil {
		return nil, idle
	}
	if wait := t.due.Sub(now); wait > 0 {
		return nil, wait
	}
	if t.yields && len(q.tasks) > 0 && !q.tasks[0].due.After(now) {
		t = q.tasks[0]
	}
	q.running++
	heap.Pop(q.heapOf(t))
	if t.group != nil {
		t.hurries = t.group.hurries
	}
	return t, 0
}

// end marks that nobody takes tasks any more.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
}

// overdue is how late a task may start while none is running.
const overdue = time.Minute

// alive returns an error when tasks are due and nobody works on any.
func (q *queue) alive(now time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch t := q.first(); {
	case q.ended:
		return fmt.Errorf("poll loop has ended")
	case q.running == 0 && t != nil && now.Sub(t.due) > overdue:
		return fmt.Errorf("poll loop stands still: %s was due %v ago", t.name, now.Sub(t.due).Round(time.Second))
	}
	return nil
}

// taskHeap orders tasks by their due time, those of one time as added.
type taskHeap []*task

// lateness is how long ago the first task was due.
func (h taskHeap) lateness(now time.Time) time.Duration {
	if len(h) == 0 {
		return 0
	}
	return max(0, now.Sub(h[0].due))
}

func (h taskHeap) Len() int { return len(h) }
func (h taskHeap) Less(i, j int) bool {
	if c := h[i].due.Compare(h[j].due); c != 0 {
		return c < 0
	}
	return h[i].order < h[j].order
}
func (h taskHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *taskHeap) Push(x any) {
	t, _ := x.(*task)
	*h = append(*h, t)
}

// Pop is for container/heap.
func (h *taskHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return t
}
