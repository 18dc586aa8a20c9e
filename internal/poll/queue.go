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

	// urgent tasks are all brought forward by hurry.
	urgent bool

	due     time.Time
	order   int  // among tasks that are due at the same time
	hurries int  // of the queue when the task was taken out
	again   bool // due at once when it is done
}

// queue holds the tasks of one account that are not running, the earliest first.
type queue struct {
	mu      sync.Mutex
	tasks   taskHeap
	running int
	added   int
	hurries int // calls of hurry so far
	ended   bool
	wake    chan struct{} // holds one when the head may have changed
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// add puts a task in, due at t.
func (q *queue) add(t *task, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.added++
	t.due, t.order = due, q.added
	heap.Push(&q.tasks, t)
	q.signal()
}

// done puts a task that has run back in. An urgent one that ran while hurry was
// called may have finished with what hurry is to mend, and is due again now.
func (q *queue) done(t *task, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	t.due = due
	if t.again || t.urgent && t.hurries != q.hurries {
		t.due = time.Now()
	}
	t.again = false
	heap.Push(&q.tasks, t)
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
	i := slices.Index(q.tasks, t)
	if i < 0 {
		t.again = true
		return
	}
	if t.due.After(now) {
		t.due = now
		heap.Fix(&q.tasks, i)
		q.signal()
	}
}

// hurry makes every urgent task due now, those that run when they are done.
func (q *queue) hurry(now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hurries++
	for _, t := range q.tasks {
		if t.urgent && t.due.After(now) {
			t.due = now
		}
	}
	heap.Init(&q.tasks)
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

// lateness is how long ago the first waiting task was due.
func (q *queue) lateness(now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.tasks) == 0 {
		return 0
	}
	return max(0, now.Sub(q.tasks[0].due))
}

// idle is how long take sleeps while there is nothing to wait for.
const idle = time.Minute

// head takes out the first task if it is due, else says how long to wait.
func (q *queue) head(now time.Time) (*task, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.tasks) == 0 {
		return nil, idle
	}
	if wait := q.tasks[0].due.Sub(now); wait > 0 {
		return nil, wait
	}
	q.running++
	t, _ := heap.Pop(&q.tasks).(*task)
	t.hurries = q.hurries
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
	switch {
	case q.ended:
		return fmt.Errorf("poll loop has ended")
	case q.running == 0 && len(q.tasks) > 0 && now.Sub(q.tasks[0].due) > overdue:
		return fmt.Errorf("poll loop stands still: %s was due %v ago", q.tasks[0].name, now.Sub(q.tasks[0].due).Round(time.Second))
	}
	return nil
}

// taskHeap orders tasks by their due time, those of one time as added.
type taskHeap []*task

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
