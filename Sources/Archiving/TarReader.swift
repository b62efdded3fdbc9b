internal import CArchive
import Primitives
import Releases

/// Reads tar through libarchive, and no other format; whatever a tree cannot hold is refused here already.
/// Not for use from two threads at once.
final class TarReader {
    /// Fills the buffer with the next bytes and says how many; 0 at the end.
    typealias Source = (UnsafeMutableRawBufferPointer) throws -> Int

    /// What a header says. Names are bytes; nothing has been checked against a policy.
    struct Header {
        enum Kind {
            case directory
            case file(size: Int)
            case link(target: ByteString)
        }

        let path: ByteString
        let kind: Kind
        /// Permission bits, 0 to 07777.
        let mode: UInt32
    }

    private let archive: OpaquePointer
    private let source: Source
    private let buffer: UnsafeMutableRawBufferPointer
    /// Bytes handed to libarchive, and how many of them last.
    private var delivered = 0
    private var last = 0
    /// What `source` threw: no error can pass through libarchive.
    private var fault: (any Error)?

    init(_ source: @escaping Source) throws {
        guard let archive = archive_read_new() else { throw ArchiveFault(.failed, found: "no memory") }
        (self.archive, self.source) = (archive, source)
        buffer = .allocate(byteCount: 128 << 10, alignment: 16)
        try check(archive_read_support_format_tar(archive))
        try check(archive_read_open(archive, Unmanaged.passUnretained(self).toOpaque(), nil, readBytes, nil))
    }

    deinit {
        archive_read_free(archive)
        buffer.deallocate()
    }

    /// The next header, or nil after the last one.
    func next() throws -> Header? {
        var entry: OpaquePointer?
        let result = archive_read_next_header(archive, &entry)
        if result == ARCHIVE_EOF, fault == nil { return nil }
        // A warning means that libarchive saw something odd and made the best of it; nothing odd is in our archives.
        try check(result)
        guard let entry, let name = archive_entry_pathname(entry) else {
            throw ArchiveFault(.malformed, found: "an entry without a name")
        }
        let path = ByteString(String.bytes(of: name))
        try checkAttributes(of: entry, at: path)
        let mode = UInt32(archive_entry_perm(entry))
        switch UInt32(archive_entry_filetype(entry)) {
        case FileType.directory:
            return Header(path: path.removingFinalSlash, kind: .directory, mode: mode)
        case FileType.file:
            guard archive_entry_size_is_set(entry) != 0, let size = Int(exactly: archive_entry_size(entry)), size >= 0
            else { throw ArchiveFault(.malformed, found: "a file without a size", at: path.description) }
            return Header(path: path, kind: .file(size: size), mode: mode)
        case FileType.link:
            guard let target = archive_entry_symlink(entry) else {
                throw ArchiveFault(.malformed, found: "a link without a target", at: path.description)
            }
            return Header(path: path, kind: .link(target: ByteString(String.bytes(of: target))), mode: mode)
        default: throw ArchiveFault(.unsupportedEntry, found: "a device or FIFO", at: path.description)
        }
    }

    /// Hands over the content of the file whose header came last, block after block, without holes.
    func readContent(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        var position: Int64 = 0
        while true {
            var block: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            let result = archive_read_data_block(archive, &block, &count, &offset)
            if result == ARCHIVE_EOF, fault == nil { return }
            try check(result)
            guard offset == position else { throw ArchiveFault(.malformed, found: "a hole in a file") }
            position += Int64(count)
            if count > 0 { try sink(UnsafeRawBufferPointer(start: block, count: count)) }
        }
    }

    /// After the last entry: reads what is left, which may only be zero bytes, to the end of the source.
    func finish() throws {
        let consumed = Int(archive_filter_bytes(archive, 0))
        let unread = min(max(0, delivered - consumed), last)
        try checkZero(UnsafeRawBufferPointer(rebasing: buffer[(last - unread)..<last]))
        while true {
            let count = try source(buffer)
            if count == 0 { return }
            try checkZero(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private func checkZero(_ bytes: UnsafeRawBufferPointer) throws {
        guard bytes.allSatisfy({ $0 == 0 }) else { throw ArchiveFault(.trailingBytes) }
    }

    private func checkAttributes(of entry: OpaquePointer, at path: ByteString) throws {
        let found: String? =
            if archive_entry_hardlink(entry) != nil {
                "a hard link"
            } else if archive_entry_sparse_count(entry) > 0 {
                "a sparse file"
            } else if archive_entry_xattr_count(entry) > 0 || archive_entry_acl_types(entry) != 0 {
                "extended attributes or an access list"
            } else {
                nil
            }
        if let found { throw ArchiveFault(.unsupportedEntry, found: found, at: path.description) }
    }

    private func check(_ result: Int32) throws {
        if let fault { throw fault }
        guard result == ARCHIVE_OK else { throw ArchiveFault.current(.malformed, archive) }
    }

    fileprivate func give(_ bytes: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
        guard fault == nil else { return -1 }
        do {
            let count = try source(buffer)
            bytes?.pointee = UnsafeRawPointer(buffer.baseAddress)
            delivered += count
            last = count
            return count
        } catch {
            fault = error
            return -1
        }
    }
}

private func readBytes(
    _ archive: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ bytes: UnsafeMutablePointer<UnsafeRawPointer?>?
) -> Int {
    guard let context else { return -1 }
    return Unmanaged<TarReader>.fromOpaque(context).takeUnretainedValue().give(bytes)
}

extension String {
    /// The bytes of a C string, without its end and without repairing them.
    static func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
        var bytes: [UInt8] = []
        var next = text
        while next.pointee != 0 {
            bytes.append(UInt8(bitPattern: next.pointee))
            next += 1
        }
        return bytes
    }
}

extension ByteString {
    /// Tar writes a folder's path with a slash behind it.
    fileprivate var removingFinalSlash: ByteString {
        count > 1 && bytes.last == UInt8(ascii: "/") ? ByteString(Array(bytes.dropLast())) : self
    }
}
