package handlers

// partialSort puts those elements of list in place that belong, in the order of
// compare, at the indexes from low to high; the others are in no order. It is the
// quicksort of Bentley and McIlroy that leaves out the parts it need not look at, step
// by step as redis-server has it (pqsort.c): so equal elements come out in the same
// order there and here.
func partialSort[T any](list []T, compare func(a, b T) int, low, high int) {
	for n := len(list); ; n = len(list) {
		if n < 7 {
			for i := 1; i < n; i++ {
				for j := i; j > 0 && compare(list[j-1], list[j]) > 0; j-- {
					list[j-1], list[j] = list[j], list[j-1]
				}
			}
			return
		}
		pivot(list, compare)
		below, above := partition(list, compare)
		if below > 1 && low < below && high >= 0 {
			partialSort(list[:below], compare, low, high)
		}
		if above <= 1 || high < n-above || low >= n {
			return
		}
		low, high = low-(n-above), high-(n-above)
		list = list[n-above:]
	}
}

// pivot brings the element to part the list by to its beginning.
func pivot[T any](list []T, compare func(a, b T) int) {
	n := len(list)
	median := func(a, b, c int) int {
		x, y, z := list[a], list[b], list[c]
		if compare(x, y) < 0 {
			switch {
			case compare(y, z) < 0:
				return b
			case compare(x, z) < 0:
				return c
			}
			return a
		}
		switch {
		case compare(y, z) > 0:
			return b
		case compare(x, z) < 0:
			return a
		}
		return c
	}
	middle := n / 2
	if n > 7 {
		first, last := 0, n-1
		if n > 40 {
			d := n / 8
			first = median(first, first+d, first+2*d)
			middle = median(middle-d, middle, middle+d)
			last = median(last-2*d, last-d, last)
		}
		middle = median(first, middle, last)
	}
	list[0], list[middle] = list[middle], list[0]
}

// partition parts the list by its first element, and reports how many elements are
// less, at its beginning, and how many greater, at its end.
func partition[T any](list []T, compare func(a, b T) int) (below, above int) {
	n := len(list)
	swap := func(i, j int) { list[i], list[j] = list[j], list[i] }
	a, b := 1, 1
	c, d := n-1, n-1
	for {
		for ; b <= c; b++ {
			r := compare(list[b], list[0])
			if r > 0 {
				break
			}
			if r == 0 {
				swap(a, b)
				a++
			}
		}
		for ; b <= c; c-- {
			r := compare(list[c], list[0])
			if r < 0 {
				break
			}
			if r == 0 {
				swap(c, d)
				d--
			}
		}
		if b > c {
			break
		}
		swap(b, c)
		b++
		c--
	}
	// What is equal lies at both ends; it goes to the middle.
	for i, r := 0, min(a, b-a); i < r; i++ {
		swap(i, b-r+i)
	}
	for i, r := 0, min(d-c, n-1-d); i < r; i++ {
		swap(b+i, n-r+i)
	}
	return b - a, d - c
}
