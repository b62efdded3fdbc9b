import Primitives

/// Decides whether a file is packed as text, with its old file in the dictionary, or as blocks and differences.
struct EditChoice: Sendable {
    /// Edits that write no more than this are not tried as text.
    private static let tinyBytes = 48
    /// What a stream costs by ending; a text has one more only once.
    private static let endBytes = 6
    /// Programs and other binary files above this are never text.
    private static let smallBinary = 256 << 10

    let packer: any StreamPacker

    /// An edit, and about how many bytes of the patch it takes.
    struct Candidate {
        let edit: EncodedEdit
        let cost: Int
        /// What is smaller when there is nothing to share; nil when that is `edit`.
        var alone: EncodedEdit?
    }

    /// The edit that will likely take fewer bytes of the patch. Deterministic.
    func smaller(
        _ old: UnsafeBufferPointer<UInt8>, _ new: UnsafeBufferPointer<UInt8>, isTextual: Bool, needsCost: Bool = false
    ) throws -> Candidate {
        let edit = EditEncoder.encode(old: old, new: new)
        let written = edit.streams.reduce(0) { $0 + $1.count }
        let isText = TextGuess.isText(old) && TextGuess.isText(new)
        let triesText =
            isTextual && written > Self.tinyBytes && edit.method != .predicted
            && (isText || new.count <= Self.smallBinary)
        guard triesText || needsCost, let packing = LZMAParameters(lc: 3, lp: 0, pb: 0) else {
            return Candidate(edit: edit, cost: written)
        }
        let streams = edit.streams.flatMap(\.self)
        let asBlocks = try packer.pack(
            streams, as: .lzma(packing), window: max(4096, min(streams.count, 1 << 24)), dictionary: []
        ).count
        guard triesText else { return Candidate(edit: edit, cost: asBlocks) }
        let asText = try packer.pack(
            Array(new), as: .lzma(packing), window: old.count + new.count, dictionary: Array(old)
        ).count
        // What texts have in common, such as names that changed everywhere, costs once when they are packed together.
        let bound = isText ? asBlocks / 2 * 3 : asBlocks
        guard asText <= bound + Self.endBytes else { return Candidate(edit: edit, cost: asBlocks) }
        let alone = asText <= asBlocks + Self.endBytes ? nil : edit
        return Candidate(edit: .text(new), cost: asText, alone: alone)
    }
}

extension EncodedEdit {
    static func literal(_ bytes: UnsafeBufferPointer<UInt8>) -> EncodedEdit { inText(.literal, bytes) }
    static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> EncodedEdit { inText(.text, bytes) }

    private static func inText(_ method: EditMethod, _ bytes: UnsafeBufferPointer<UInt8>) -> EncodedEdit {
        var streams = [[UInt8]](repeating: [], count: EditStream.allCases.count)
        streams[Int(EditStream.text.rawValue)] = Array(bytes)
        return EncodedEdit(method: method, memory: 0, streams: streams)
    }
}

/// Whether a file reads like text: what is a guess here costs bytes, never correctness.
enum TextGuess {
    static func isText(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        !bytes.prefix(64 << 10).contains { $0 < 9 || (14..<32).contains($0) }
    }
}
