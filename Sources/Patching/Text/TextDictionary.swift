import Primitives

/// What text edits may refer to: files one after another, read where they are. Not for use from two threads at once.
final class TextDictionary {
    private static let blockBytes = 32 << 10
    private static let blocks = 32
    /// Bytes of memory, whatever is in it.
    static let memory = blockBytes * blocks

    /// Bytes that are read in all, at most, an opened file counted as `openBytes` of them: some seconds. Each byte of the
    /// text can ask for another block.
    static let mostReadBytes = 1 << 35
    private static let openBytes = 4096

    private let files: [any OldFile]
    private var readable: Int
    /// Where each file begins, and the end of the last.
    private let starts: [Int]
    private let cache = UnsafeMutableRawBufferPointer.allocate(byteCount: memory, alignment: 4096)
    /// Which block stands in each place of the cache.
    private var cached = [Int](repeating: -1, count: blocks)

    init(_ files: [any OldFile], mostReadBytes: Int = TextDictionary.mostReadBytes) {
        (self.files, readable) = (files, mostReadBytes)
        starts = files.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    }

    deinit {
        cache.deallocate()
    }

    var count: Int { starts.last ?? 0 }

    /// Copies so many bytes, at most 273, from `position` on, all of them inside.
    func copy(_ count: Int, from position: Int, to target: UnsafeMutablePointer<UInt8>) throws {
        var (done, position) = (0, position)
        while done < count {
            let block = position / Self.blockBytes
            let place = try load(block)
            let offset = position - block * Self.blockBytes
            let part = min(count - done, Self.blockBytes - offset)
            for index in 0..<part { target[done + index] = cache[place + offset + index] }
            done += part
            position += part
        }
    }

    /// Where in the cache a block stands.
    private func load(_ block: Int) throws -> Int {
        let slot = block % Self.blocks
        let place = slot * Self.blockBytes
        guard cached[slot] != block else { return place }
        cached[slot] = -1
        let range = block * Self.blockBytes..<min((block + 1) * Self.blockBytes, count)
        var position = range.lowerBound
        var index = fileIndex(at: position)
        while position < range.upperBound {
            let end = min(starts[index + 1], range.upperBound)
            if end > position {
                let target = place + position - range.lowerBound
                let part = UnsafeMutableRawBufferPointer(rebasing: cache[target..<target + end - position])
                readable -= part.count + Self.openBytes
                guard readable >= 0 else { throw PatchFault(.tooLarge, found: "text from everywhere") }
                try files[index].read(at: position - starts[index], into: part)
            }
            position = end
            index += 1
        }
        cached[slot] = block
        return place
    }

    /// The file that holds this position, which is inside.
    private func fileIndex(at position: Int) -> Int {
        var (low, high) = (0, files.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= position { low = middle } else { high = middle }
        }
        return low
    }
}

/// Bytes in memory in the place of a file.
struct BytesAsFile: OldFile {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard offset >= 0, offset <= bytes.count, buffer.count <= bytes.count - offset else {
            throw PatchFault(.malformed, found: "bytes behind an end")
        }
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
        }
    }
}
