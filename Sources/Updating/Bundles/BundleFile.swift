import DurableStorage
import Primitives
import SystemPackage

/// A bundle that is open for reading, with where each of its files stands. Opened once: what is indexed is what is read,
/// also when somebody puts another file in its place meanwhile.
///
/// What is in the files is for others to verify; here everything is refused that is not in a bundle as we make them.
final class BundleFile {
    /// Files in one bundle: a log of 10 million entries has fewer.
    static let countLimit = 100_000

    struct Member: Hashable {
        let offset: Int
        let size: Int
    }

    let path: FilePath
    let manifest: BundleManifest
    private let file: ReadableFile
    private let members: [ByteString: Member]

    /// Reads all headers. Throws `BundleFault` or `StorageFault`.
    init(_ path: FilePath, countLimit: Int = BundleFile.countLimit) throws {
        self.path = path
        file = try ReadableFile(path)
        var index = BundleIndex(try PositionedReader(file), countLimit)
        do {
            try index.readAll()
            manifest = try BundleManifest(decoding: index.manifest)
        } catch let fault as BundleFault {
            let place = [fault.location, path.string].compactMap(\.self).joined(separator: " of ")
            throw BundleFault(fault.code, found: fault.found, expected: fault.expected, at: place, hint: fault.hint)
        }
        members = index.members
    }

    func member(_ name: ByteString) -> Member? { members[name] }
    var names: [ByteString] { members.keys.sorted() }

    /// Hands over the bytes of a file from `offset` on, piece by piece.
    func read(_ member: Member, from offset: Int = 0, _ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        let reader = try PositionedReader(file)
        var position = offset
        while position < member.size {
            let chunk = try reader.read(min(256 << 10, member.size - position), at: member.offset + position)
            try chunk.withUnsafeBytes { try sink($0) }
            position += chunk.count
        }
    }

    func bytes(_ member: Member) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try read(member) { bytes.append(contentsOf: $0) }
        return bytes
    }
}

/// Reads a file of a known length at any place.
struct PositionedReader {
    let length: Int
    private let file: ReadableFile

    init(_ file: ReadableFile) throws(StorageFault) {
        self.file = file
        do { length = Int(clamping: try file.descriptor.seek(offset: 0, from: .end)) } catch let error as Errno {
            throw StorageFault(error, "seek", at: file.path)
        } catch {
            throw StorageFault(.failed, at: file.path.string)
        }
    }

    /// Exactly `count` bytes. Throws `bundle/truncated` when the file ends before.
    func read(_ count: Int, at offset: Int) throws -> [UInt8] {
        guard count <= length, offset <= length - count else { throw BundleFault(.truncated, found: "\(length) bytes") }
        do {
            let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let more = try file.descriptor.read(fromAbsoluteOffset: Int64(offset + filled), into: rest)
                    if more == 0 { return }
                    filled += more
                }
            }
            guard bytes.count == count else { throw BundleFault(.truncated, found: "\(offset + bytes.count) bytes") }
            return bytes
        } catch let error as Errno {
            throw StorageFault(error, "read", at: file.path)
        }
    }
}

/// The headers of a bundle, read one after the other: what is in it, each name once and in order, and nothing between.
private struct BundleIndex {
    private(set) var members: [ByteString: BundleFile.Member] = [:]
    /// The bytes of the first file.
    private(set) var manifest: [UInt8] = []
    private let reader: PositionedReader
    private let countLimit: Int
    private var offset = 0
    private var last: ByteString?

    init(_ reader: PositionedReader, _ countLimit: Int) {
        (self.reader, self.countLimit) = (reader, countLimit)
    }

    mutating func readAll() throws {
        try readManifest()
        while let header = try nextHeader() {
            try BundleName.check(header.name)
            guard last.map({ $0 < header.name }) ?? true else {
                throw BundleFault(.unordered, found: "\"\(header.name)\" after \"\(last ?? "")\"")
            }
            guard members.count < countLimit else {
                throw BundleFault(.tooLarge, expected: "at most \(countLimit) files")
            }
            last = header.name
            members[header.name] = try skip(header)
        }
        try readEnd()
    }

    private mutating func readManifest() throws {
        guard let header = try nextHeader(), header.name == BundleName.manifest,
            header.size <= BundleManifest.byteLimit
        else { throw BundleFault(.malformed, expected: "\(BundleName.manifest) as the first file") }
        let member = try skip(header)
        manifest = try reader.read(member.size, at: member.offset)
    }

    private mutating func nextHeader() throws -> BundleHeader? {
        try BundleHeader.read {
            let block = try reader.read(BundleHeader.blockSize, at: offset)
            offset += block.count
            return block
        }
    }

    /// Goes over a file's content and the zeros behind it. Before anything is made of a size, the file must be there.
    private mutating func skip(_ header: BundleHeader) throws -> BundleFile.Member {
        let member = BundleFile.Member(offset: offset, size: header.size)
        let padding = BundleHeader.padding(after: header.size)
        guard header.size + padding <= reader.length - offset else {
            throw BundleFault(
                .truncated, found: "\(reader.length) bytes",
                expected: "\(header.size) of one file from byte \(offset) on", at: "\(header.name)")
        }
        let zeros = try reader.read(padding, at: offset + header.size)
        guard zeros.allSatisfy({ $0 == 0 }) else {
            throw BundleFault(.malformed, found: "bytes behind a file", at: "\(header.name)")
        }
        offset += header.size + padding
        return member
    }

    /// The first block of the end has been read.
    private func readEnd() throws {
        let end = offset + BundleHeader.blockSize
        guard try reader.read(BundleHeader.blockSize, at: offset).allSatisfy({ $0 == 0 }), reader.length == end else {
            throw BundleFault(.malformed, found: "\(reader.length) bytes", expected: "an end after \(end)")
        }
    }
}
