import Primitives
import Signatures
import TransparencyLog

/// `witness` in the state's folder: whose state it is, and for which logs there has to be a file.
///
///     sceau-witness-state/1
///     id <32 hex digits>
///     key <vkey>
///     log <origin>
struct WitnessManifest: Hashable {
    static let byteLimit = 1 << 20
    private static let format = "sceau-witness-state/1"

    let id: ByteString
    let key: NoteKey
    /// In byte order.
    private(set) var origins: [ByteString] = []

    init(id: ByteString, key: NoteKey) {
        self.id = id
        self.key = key
    }

    mutating func add(_ origin: ByteString) {
        if !origins.contains(origin) { origins = (origins + [origin]).sorted() }
    }

    var encoded: [UInt8] {
        let lines = [Array(Self.format.utf8), Array("id ".utf8) + id.bytes, Array("key ".utf8) + key.vkey.bytes]
        return (lines + origins.map { Array("log ".utf8) + $0.bytes }).flatMap { $0 + [UInt8(ascii: "\n")] }
    }

    /// Throws `witness/malformed-state` for anything but what `encoded` gives.
    init(decoding bytes: [UInt8], at place: String) throws(WitnessFault) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let fields = lines.map { line in line.firstIndex(of: UInt8(ascii: " ")).map { Array(line[($0 + 1)...]) } ?? [] }
        guard lines.count >= 4, StateID.isValid(fields[1]), let key = try? NoteKey(vkey: ByteString(fields[2])) else {
            throw WitnessFault(.malformedState, at: place)
        }
        self.init(id: ByteString(fields[1]), key: key)
        origins = fields[3...].dropLast().map { ByteString($0) }
        guard encoded == bytes, origins == Array(Set(origins)).sorted() else {
            throw WitnessFault(.malformedState, at: place)
        }
    }
}

/// Tells one state from another.
enum StateID {
    private static let byteCount = 16

    static func random() -> ByteString {
        var generator = SystemRandomNumberGenerator()
        return ByteString(Hex.encode((0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }))
    }

    static func isValid(_ text: [UInt8]) -> Bool {
        Hex.decode(text).map { $0.count == byteCount && Array(Hex.encode($0).utf8) == text } ?? false
    }
}

/// The file beside the key that says which state the key has cosigned with, so that a lost state is not taken for a first
/// start.
enum StateMarker {
    static let byteLimit = 4096
    private static let format = "sceau-witness-key/1"

    static func encode(_ id: ByteString) -> [UInt8] {
        Array("\(format)\nstate ".utf8) + id.bytes + [UInt8(ascii: "\n")]
    }

    /// Throws `witness/malformed-state`.
    static func decode(_ bytes: [UInt8], at place: String) throws(WitnessFault) -> ByteString {
        let id = ByteString(Array(bytes.dropFirst(encode("").count - 1).dropLast()))
        guard StateID.isValid(id.bytes), encode(id) == bytes else { throw WitnessFault(.malformedState, at: place) }
        return id
    }
}

/// What a witness has cosigned last for one log: its file.
enum HeldCheckpoint: Hashable {
    /// `sceau-witness-nothing/1` and the origin.
    case nothing
    /// The checkpoint as the monitoring address shows it: a note with the log's signature and ours.
    case cosigned(CosignedCheckpoint)

    static let byteLimit = SignedNote.byteLimit

    static func encodeNothing(_ origin: ByteString) -> [UInt8] {
        Array("sceau-witness-nothing/1\n".utf8) + origin.bytes + [UInt8(ascii: "\n")]
    }

    /// Throws `witness/malformed-state`: also when a signature does not hold, so that nobody but this witness can have
    /// written it.
    static func decode(_ bytes: [UInt8], log: NoteKey, witness: NoteKey, at place: String) throws(WitnessFault) -> Self
    {
        if bytes == encodeNothing(log.name) { return .nothing }
        do {
            return .cosigned(try CosignedCheckpoint(SignedNote(decoding: bytes), log: log, witness: witness))
        } catch {
            throw WitnessFault(.malformedState, found: error.message, at: place)
        }
    }

    var size: Int { head.size }

    /// Nothing is a beginning of everything, as the empty tree is.
    var head: TreeHead {
        switch self {
        case .nothing: .empty
        case .cosigned(let held): held.checkpoint.head
        }
    }
}

/// A checkpoint with this witness's cosignature, and the signatures of nobody but the two.
struct CosignedCheckpoint: Hashable, Sendable {
    let checkpoint: VerifiedCheckpoint
    /// Of the cosignature, POSIX seconds.
    let time: Int
    let line: NoteSignature

    /// Throws `LogFault`.
    init(_ note: SignedNote, log: NoteKey, witness: NoteKey) throws(LogFault) {
        checkpoint = try VerifiedCheckpoint.verify(note, log: log)
        guard let cosignature = try checkpoint.cosignatures(by: [witness]).first else {
            throw LogFault(.unsigned, expected: "a cosignature by \(witness.name)")
        }
        time = cosignature.time
        line = cosignature.line
    }
}
