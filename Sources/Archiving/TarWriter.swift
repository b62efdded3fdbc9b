internal import CArchive
import Primitives

/// Writes POSIX pax tar through libarchive, always the same bytes for the same entries: owner 0:0 without names, time
/// 0, no other attribute. Not for use from two threads at once.
final class TarWriter {
    typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private let sink: Sink
    /// What `sink` threw: no error can pass through libarchive.
    private var fault: (any Error)?

    init(_ sink: @escaping Sink) throws {
        guard let archive = archive_write_new() else { throw ArchiveFault(.failed, found: "no memory") }
        guard let entry = archive_entry_new() else {
            archive_write_free(archive)
            throw ArchiveFault(.failed, found: "no memory")
        }
        (self.archive, self.entry, self.sink) = (archive, entry, sink)
        try check(archive_write_set_format_pax_restricted(archive))
        // Names are bytes: written as they are, whatever the locale.
        try check(archive_write_set_format_option(archive, "pax", "hdrcharset", "BINARY"))
        try check(archive_write_set_bytes_per_block(archive, 128 << 10))
        try check(archive_write_set_bytes_in_last_block(archive, 512))
        try check(archive_write_open(archive, Unmanaged.passUnretained(self).toOpaque(), nil, writeBytes, nil))
    }

    deinit {
        // After a fault nothing more may reach the sink, and the context may not be used: it is going away.
        archive_write_fail(archive)
        archive_write_free(archive)
        archive_entry_free(entry)
    }

    func append(folder path: ByteString) throws {
        try append(path, FileType.directory, mode: 0o755)
    }

    /// Begins a file; its `size` bytes of content follow.
    func append(file path: ByteString, size: Int, isExecutable: Bool) throws {
        try append(path, FileType.file, mode: isExecutable ? 0o755 : 0o644, size: size)
    }

    func append(link path: ByteString, target: ByteString) throws {
        try append(path, FileType.link, mode: 0o777, target: target)
    }

    private func append(
        _ path: ByteString, _ type: UInt32, mode: UInt32, size: Int = 0, target: ByteString? = nil
    ) throws {
        archive_entry_clear(entry)
        withCString(path) { archive_entry_set_pathname(entry, $0) }
        archive_entry_set_filetype(entry, type)
        archive_entry_set_perm(entry, mode)
        archive_entry_set_size(entry, Int64(size))
        archive_entry_set_mtime(entry, 0, 0)
        if let target { withCString(target) { archive_entry_set_symlink(entry, $0) } }
        try check(archive_write_header(archive, entry))
    }

    /// Content of the file last appended.
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        let count = archive_write_data(archive, bytes.baseAddress, bytes.count)
        try check(count == bytes.count ? ARCHIVE_OK : ARCHIVE_FATAL)
    }

    func finish() throws {
        try check(archive_write_close(archive))
    }

    private func check(_ result: Int32) throws {
        if let fault { throw fault }
        guard result == ARCHIVE_OK else { throw ArchiveFault.current(.failed, archive) }
    }

    fileprivate func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard fault == nil else { return -1 }
        do {
            try sink(bytes)
            return bytes.count
        } catch {
            fault = error
            return -1
        }
    }
}

private func writeBytes(
    _ archive: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ bytes: UnsafeRawPointer?, _ count: Int
) -> Int {
    guard let context else { return -1 }
    let writer = Unmanaged<TarWriter>.fromOpaque(context).takeUnretainedValue()
    return writer.take(UnsafeRawBufferPointer(start: bytes, count: count))
}

/// The kinds of entries libarchive speaks of (its macros hold casts that Swift does not import).
enum FileType {
    static let file: UInt32 = 0o100000
    static let directory: UInt32 = 0o040000
    static let link: UInt32 = 0o120000
}

extension Fault where Code == ArchiveFaultCode {
    /// From what libarchive says of its last failure.
    static func current(_ code: ArchiveFaultCode, _ archive: OpaquePointer, at path: ByteString? = nil) -> ArchiveFault
    {
        let text = archive_error_string(archive).map { String(cString: $0).lowercased() }
        return ArchiveFault(code, found: text, at: path?.description)
    }
}

/// A path as C wants it. A path with a zero byte never comes here: the path policy refuses it.
func withCString<Result>(_ text: ByteString, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (text.bytes.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return body("") }
        return body(base)
    }
}
