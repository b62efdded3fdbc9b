import Archiving
import Patching
import Primitives
import Releases
import Signatures
import Testing

/// What became of a patch.
enum Outcome {
    case made(MemoryTree)
    case fault(any ReportableFault)
}

extension MemoryTree {
    func patch(to new: MemoryTree, _ settings: PatchSettings = PatchSettings()) async throws -> EncodedPatch {
        try await PatchEncoder(packer: PatchCompression(), settings: settings).encode(
            from: listing, self, to: new.listing, new)
    }

    /// Applies a patch whose digest nobody vouches for. Anything but a fault of ours fails the test, and so does a request
    /// that a sink has to refuse.
    func apply(_ patch: [UInt8], expected: Digest, limits: PatchLimits = PatchLimits()) throws -> Outcome {
        let sink = MemorySink(self)
        defer { expectNone(sink.violations) }
        do {
            let listing = try PatchDecoder(unpacker: PatchCompression(), limits: limits).apply(
                PatchInMemory(patch), to: listing, expected: expected, from: self, into: sink)
            return try sink.made.listing == listing
                ? .made(sink.made) : .fault(PatchFault(.wrongNewTree, found: "listing"))
        } catch let fault as any ReportableFault {
            return .fault(fault)
        }
    }
}

extension Outcome {
    var tree: MemoryTree? { if case .made(let tree) = self { tree } else { nil } }
    var code: String? { if case .fault(let fault) = self { fault.codeText } else { nil } }
}
