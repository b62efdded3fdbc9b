import Primitives
import Releases
import Signatures

@testable import Patching

/// What is fed with anything. A crash, a wrong size or more memory than allowed is a find; a fault is none.
///
/// `make fuzz` builds each with libFuzzer; `FuzzCorpusTests` runs what was found worth keeping.
enum FuzzTarget: String, CaseIterable {
    case editDecoder = "edit-decoder"
    case elf
    case patch

    func run(_ input: UnsafeRawBufferPointer) {
        switch self {
        case .editDecoder: FuzzTarget.decodeEdit(input)
        case .elf: FuzzTarget.readPrograms(input)
        case .patch: FuzzTarget.applyPatch(input)
        }
    }

    /// Method; size of the new file; then old file and streams, each behind its size.
    private static func decodeEdit(_ input: UnsafeRawBufferPointer) {
        var parts = FuzzParts(input)
        let method = EditMethod(rawValue: parts.byte() & 3) ?? .literal
        let count = parts.number()
        let old = parts.take(parts.number())
        let streams = EditStream.allCases.map { _ in parts.take(parts.number()) }
        var made = 0
        do {
            var decoder = EditDecoder(StreamsInMemory(streams), limits: EditLimits(memory: 8 << 20))
            try decoder.decode(method, old: OldBytes(bytes: old), count: count) { made += $0.count }
            precondition(made == count, "\(made) bytes instead of \(count)")
        } catch {
            precondition(error is PatchFault, "\(error)")
        }
    }

    /// Two files behind their sizes: an edit of them has to be true, whatever they are.
    private static func readPrograms(_ input: UnsafeRawBufferPointer) {
        var parts = FuzzParts(input)
        let old = parts.take(parts.number())
        let new = parts.rest()
        let edit = old.withUnsafeBufferPointer { old in
            new.withUnsafeBufferPointer { EditEncoder.encode(old: old, new: $0) }
        }
        var made: [UInt8] = []
        do {
            var decoder = EditDecoder(StreamsInMemory(edit.streams), limits: EditLimits(memory: edit.memory))
            try decoder.decode(edit.method, old: OldBytes(bytes: old), count: new.count) { made += $0 }
        } catch {
            preconditionFailure("\(error)")
        }
        precondition(made == new, "not what was encoded")
    }

    /// A patch over a small tree. Digests are no obstacle: the header gets those of the tree, and whatever comes is accepted
    /// up to the last comparison.
    private static func applyPatch(_ input: UnsafeRawBufferPointer) {
        let sink = MemorySink(FuzzTree.tree)
        do {
            var patch = Array(input)
            if patch.count >= FuzzTree.digests.upperBound {
                patch.replaceSubrange(FuzzTree.digests, with: FuzzTree.before.bytes + FuzzTree.after.bytes)
            }
            _ = try PatchDecoder(unpacker: FuzzTree.unpacker, limits: FuzzTree.limits).apply(
                PatchInMemory(patch), to: FuzzTree.listing, expected: FuzzTree.after, from: FuzzTree.tree, into: sink)
        } catch {
            precondition(error is any ReportableFault, "\(error)")
        }
        precondition(sink.violations.isEmpty, "\(sink.violations)")
    }
}

/// Takes an input apart.
struct FuzzParts {
    private var bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func byte() -> UInt8 { take(1).first ?? 0 }

    /// 16 bits, little-endian.
    mutating func number() -> Int {
        let bytes = take(2)
        return bytes.count == 2 ? Int(bytes[0]) | Int(bytes[1]) << 8 : 0
    }

    /// So many bytes, or those that are left.
    mutating func take(_ count: Int) -> [UInt8] {
        let part = bytes.prefix(count)
        bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(count))
        return Array(part)
    }

    mutating func rest() -> [UInt8] { take(bytes.count) }
}
