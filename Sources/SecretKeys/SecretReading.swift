import SystemPackage

extension FileDescriptor {
    /// Fills `buffer` until it is full or the file ends, and returns how many bytes came. They stand nowhere else.
    func readToEnd(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var count = 0
        while count < buffer.count {
            let read = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            if read == 0 { break }
            count += read
        }
        return count
    }
}
