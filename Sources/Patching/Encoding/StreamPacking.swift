/// Packs the streams of a patch: small ones together, each other one by itself, with what makes it smallest.
struct StreamPacking {
    struct Piece {
        let packed: PatchHeader.Packed
        let bytes: [UInt8]
    }

    struct Result {
        var grouped: [(stream: PatchStream, count: Int)] = []
        var group: Piece?
        var singles: [(stream: PatchStream, piece: Piece)] = []

        var bytes: [UInt8] { (group?.bytes ?? []) + singles.flatMap(\.piece.bytes) }

        var pieces: [(name: String, count: Int, packedCount: Int)] {
            let all = [group].compactMap(\.self).map { ("group", $0) } + singles.map { ("\($0.stream)", $0.piece) }
            return all.map { ($0, $1.packed.count, $1.packed.packedCount) }
        }
    }

    /// A stream that is larger is packed by itself.
    private static let smallBytes = 4 << 10

    private let packer: any StreamPacker
    private let settings: PatchSettings

    init(_ packer: any StreamPacker, _ settings: PatchSettings) {
        (self.packer, self.settings) = (packer, settings)
    }

    func pack(_ streams: StreamSet, dictionary: [UInt8]) throws -> Result {
        var result = Result()
        let used = PatchStream.allCases.filter { !streams[$0].isEmpty }
        let groupable = used.filter { $0 != .text || dictionary.isEmpty }
        let total = groupable.reduce(0) { $0 + streams[$1].count }
        let grouped = groupable.filter { total <= PatchHeader.groupBytes || streams[$0].count <= Self.smallBytes }
        result.grouped = grouped.map { ($0, streams[$0].count) }
        if !grouped.isEmpty {
            let bytes = grouped.flatMap { streams[$0] }
            result.group = try smallest(bytes, window: PatchHeader.groupWindow(bytes.count), dictionary: [])
        }
        for stream in used where !grouped.contains(stream) {
            let bytes = streams[stream]
            let dictionary = stream == .text ? dictionary : []
            let limit = stream == .text ? settings.textWindowLog : settings.windowLog
            let window = min(limit, PatchHeader.groupWindow(bytes.count + dictionary.count))
            result.singles.append((stream, try smallest(bytes, window: window, dictionary: dictionary)))
        }
        return result
    }

    private func smallest(_ bytes: [UInt8], window: Int, dictionary: [UInt8]) throws -> Piece {
        var best = bytes
        var packing = Packing.stored
        for candidate in candidates(bytes.count) {
            let packed = try packer.pack(bytes, as: candidate, window: window, dictionary: dictionary)
            if packed.count < best.count { (best, packing) = (packed, candidate) }
        }
        return Piece(
            packed: PatchHeader.Packed(
                packing: packing, window: packing == .stored ? PatchHeader.windows.lowerBound : window,
                count: bytes.count, packedCount: best.count), bytes: best)
    }

    private func candidates(_ count: Int) -> [Packing] {
        let parameters = [(3, 0, 0), (0, 0, 0), (3, 0, 2), (0, 2, 2), (4, 0, 0), (1, 3, 3)]
        return [.zstd] + parameters.compactMap { LZMAParameters(lc: $0, lp: $1, pb: $2).map(Packing.lzma) }
    }
}
