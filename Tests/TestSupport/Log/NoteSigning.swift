import FoundationEssentials
import Primitives
import Signatures

/// Signed notes (C2SP signed-note, tlog-cosignature) by test keys, put together from the specification.
extension TestKey {
    /// How a note key signs.
    package enum NoteKind: UInt8, Sendable {
        /// Ed25519 over the text.
        case log = 1
        /// A time, and Ed25519 over that time and the text.
        case witness = 4
    }

    /// The four bytes that name this key in a signature line.
    package func noteKeyID(_ name: ByteString, _ kind: NoteKind) -> [UInt8] {
        let hashed = name.bytes + [UInt8(ascii: "\n"), kind.rawValue] + publicKey.material
        return Array(Digest.sha256(of: hashed).bytes.prefix(4))
    }

    /// The public half as policies and command lines take it.
    package func vkey(_ name: ByteString, _ kind: NoteKind) -> ByteString {
        let material = Self.base64([kind.rawValue] + publicKey.material)
        return ByteString(name.bytes + Array("+\(Hex.encode(noteKeyID(name, kind)))+\(material)".utf8))
    }

    /// The line by which a log signs a note's text.
    package func noteLine(_ name: ByteString, over text: [UInt8]) -> [UInt8] {
        noteLine(name, .log, payload: sign(text))
    }

    /// The line by which a witness cosigns a checkpoint's text; the time in whole seconds.
    package func cosignatureLine(_ name: ByteString, over text: [UInt8], at time: Date) -> [UInt8] {
        let seconds = UInt64(time.timeIntervalSince1970.rounded(.down))
        let signature = sign(Array("cosignature/v1\ntime \(seconds)\n".utf8) + text)
        return noteLine(name, .witness, payload: withUnsafeBytes(of: seconds.bigEndian, Array.init) + signature)
    }

    private func noteLine(_ name: ByteString, _ kind: NoteKind, payload: [UInt8]) -> [UInt8] {
        Array("— ".utf8) + name.bytes + Array(" \(Self.base64(noteKeyID(name, kind) + payload))\n".utf8)
    }

    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
