internal import CProcess
internal import Glibc
import SystemPackage

/// A descriptor that is closed when released, and that no other program inherits.
struct OpenDescriptor: ~Copyable {
    let raw: Int32

    deinit { close(raw) }
}

/// A pipe: what is written to one end is read from the other.
struct Pipe: ~Copyable {
    let reading: OpenDescriptor
    let writing: OpenDescriptor

    /// `bothWays`: what is written to either end is read from the other.
    init(bothWays: Bool = false) throws(Errno) {
        var ends: [Int32] = [-1, -1]
        guard (bothWays ? sceau_channel(&ends) : sceau_pipe(&ends)) == 0 else { throw Errno(rawValue: errno) }
        reading = OpenDescriptor(raw: ends[0])
        writing = OpenDescriptor(raw: ends[1])
    }

    consuming func keepReading() -> OpenDescriptor { reading }
    consuming func keepWriting() -> OpenDescriptor { writing }
}

extension OpenDescriptor {
    /// `bytes` to be read: they are all there already, so that nobody has to go on writing them.
    init(holding bytes: [UInt8]) throws(Errno) {
        let file = bytes.withUnsafeBytes { sceau_file_in_memory($0.baseAddress, $0.count) }
        guard file >= 0 else { throw Errno(rawValue: errno) }
        self.init(raw: file)
    }

    /// Reading finds nothing instead of waiting.
    func makeNonBlocking() throws(Errno) {
        let flags = fcntl(raw, F_GETFL)
        guard flags >= 0, fcntl(raw, F_SETFL, flags | O_NONBLOCK) == 0 else { throw Errno(rawValue: errno) }
    }

    enum ReadOutcome {
        case bytes(Int)
        case nothingYet
        case ended
    }

    /// An error of reading a pipe is taken for its end.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadOutcome {
        while true {
            let count = Glibc.read(raw, buffer.baseAddress, buffer.count)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            if errno == EAGAIN { return .nothingYet }
            if errno != EINTR { return .ended }
        }
    }
}
