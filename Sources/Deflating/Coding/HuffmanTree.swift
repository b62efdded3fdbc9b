/// Makes the lengths of a Huffman code the way zlib and gzip do, with their choices among codes that are as good.
struct HuffmanTree {
    private static let heapSize = 2 * Alphabets.literalCount + 1

    private(set) var lengths: [UInt8]
    /// The largest symbol that has a code.
    private(set) var largest = -1

    private let longest: Int
    private var frequencies: [Int]
    private var depths: [UInt8]
    private var parents: [Int]
    /// From 1: symbols and inner nodes, the rarest first. From `taken` on: those already joined, the most frequent first.
    private var heap: [Int]
    private var heapCount = 0
    private var taken: Int

    /// `frequencies` has a number for each symbol of the alphabet. No code is longer than `longest`.
    init(_ frequencies: [Int], longest: Int) {
        let count = frequencies.count
        self.longest = longest
        self.frequencies = frequencies + [Int](repeating: 0, count: count)
        depths = [UInt8](repeating: 0, count: 2 * count)
        parents = [Int](repeating: 0, count: 2 * count)
        lengths = [UInt8](repeating: 0, count: 2 * count)
        heap = [Int](repeating: 0, count: 2 * count + 2)
        taken = 2 * count + 1
        collect(count)
        for index in stride(from: heapCount / 2, through: 1, by: -1) { siftDown(index) }
        join(firstNode: count)
        assignLengths()
        lengths.removeLast(count)
    }

    /// The symbols that occur, and, where there are fewer than two, others: a code has two symbols at least.
    private mutating func collect(_ count: Int) {
        for symbol in 0..<count where frequencies[symbol] > 0 {
            heapCount += 1
            heap[heapCount] = symbol
            largest = symbol
        }
        while heapCount < 2 {
            var symbol = 0
            if largest < 2 {
                largest += 1
                symbol = largest
            }
            heapCount += 1
            heap[heapCount] = symbol
            frequencies[symbol] = 1
        }
    }

    private func isSmaller(_ left: Int, _ right: Int) -> Bool {
        frequencies[left] < frequencies[right]
            || (frequencies[left] == frequencies[right] && depths[left] <= depths[right])
    }

    private mutating func siftDown(_ start: Int) {
        let moved = heap[start]
        var (index, child) = (start, start * 2)
        while child <= heapCount {
            if child < heapCount, isSmaller(heap[child + 1], heap[child]) { child += 1 }
            if isSmaller(moved, heap[child]) { break }
            heap[index] = heap[child]
            (index, child) = (child, child * 2)
        }
        heap[index] = moved
    }

    private mutating func take(_ node: Int) {
        taken -= 1
        heap[taken] = node
    }

    /// Joins the two rarest until one is left.
    private mutating func join(firstNode: Int) {
        var node = firstNode
        repeat {
            let rarest = heap[1]
            heap[1] = heap[heapCount]
            heapCount -= 1
            siftDown(1)
            let next = heap[1]
            take(rarest)
            take(next)
            frequencies[node] = frequencies[rarest] + frequencies[next]
            depths[node] = max(depths[rarest], depths[next]) &+ 1
            parents[rarest] = node
            parents[next] = node
            heap[1] = node
            node += 1
            siftDown(1)
        } while heapCount >= 2
        take(heap[1])
    }

    private mutating func assignLengths() {
        var counts = [Int](repeating: 0, count: longest + 2)
        var overflow = 0
        lengths[heap[taken]] = 0
        for index in (taken + 1)..<heapEnd {
            let node = heap[index]
            var length = Int(lengths[parents[node]]) + 1
            if length > longest {
                length = longest
                overflow += 1
            }
            lengths[node] = UInt8(length)
            if node <= largest { counts[length] += 1 }
        }
        if overflow > 0 { repair(&counts, overflow) }
    }

    private var heapEnd: Int { heap.count - 1 }

    /// Makes room for codes that would be too long: a shorter code's leaf goes down one and takes one of them beside it.
    private mutating func repair(_ counts: inout [Int], _ overflow: Int) {
        var overflow = overflow
        repeat {
            var length = longest - 1
            while length > 0, counts[length] == 0 { length -= 1 }
            counts[length] -= 1
            counts[length + 1] += 2
            counts[longest] -= 1
            overflow -= 2
        } while overflow > 0
        var index = heapEnd
        for length in stride(from: longest, to: 0, by: -1) {
            var left = counts[length]
            while left > 0, index > 0 {
                index -= 1
                let node = heap[index]
                guard node <= largest else { continue }
                lengths[node] = UInt8(length)
                left -= 1
            }
        }
    }
}
