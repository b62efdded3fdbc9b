import Primitives
import Signatures

/// A witness's word on a checkpoint: "at this time, this was the largest tree of this log I had seen, and it agrees
/// with all I saw before" (C2SP tlog-cosignature, type 04). What a line holds, not yet verified.
package struct Cosignature: Hashable, Sendable {
    private static let timeByteCount = 8
    /// Time and signature.
    private static let byteCount = timeByteCount + Ed25519.signatureByteCount

    /// Seconds since 1970, never negative in what was decoded.
    package let time: Int
    /// 64 bytes in what was decoded.
    package let signature: [UInt8]

    init(time: Int, signature: [UInt8]) {
        self.time = time
        self.signature = signature
    }

    /// The bytes that a witness signs.
    ///
    /// - Parameters:
    ///   - checkpointText: `Checkpoint.text`.
    ///   - time: seconds since 1970.
    package static func message(_ checkpointText: [UInt8], time: Int) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(48 + checkpointText.count)
        message += header
        Decimal.append(time, to: &message)
        message.append(NoteText.lineEnd)
        message += checkpointText
        return message
    }

    private static let header = Array("cosignature/v1\ntime ".utf8)

    /// Nil unless `payload` has 72 bytes and its time is at most 2^63 - 1.
    init?(decoding payload: [UInt8]) {
        guard payload.count == Self.byteCount else { return nil }
        let seconds = payload.prefix(Self.timeByteCount).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let time = Int(exactly: seconds) else { return nil }
        self.init(time: time, signature: Array(payload[Self.timeByteCount...]))
    }

    /// Time and signature, as they follow the key id.
    var payload: [UInt8] {
        let seconds = UInt64(bitPattern: Int64(time))
        return stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: seconds >> $0) } + signature
    }
}
