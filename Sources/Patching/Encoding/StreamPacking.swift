/// Packs the streams of a patch: small ones together, each other one by itself, with what makes it smallest.
struct StreamPacking {
    struct Piece: Sendable {
        let packed: PatchHeader.Packed
        let bytes: [UInt8]
    }

    struct Result {
        var grouped: [(stream: PatchStream, count: Int)] = []
        var group: Piece?
        var singles: [(stream: PatchStream, piece: Piece)] = []

        var bytes: [UInt8] { (group?.bytes ?? []) + singles.flatMap(\.piece.bytes) }

        /// Bytes of the patch that depend on how its streams are put together.
        var cost: Int {
            let all = [group].compactMap(\.self) + singles.map(\.piece)
            return all.reduce(0) { $0 + $1.bytes.count + StreamPacking.headerBytes } + grouped.count
        }
    }

    /// Something to be packed as one.
    private struct Source: Sendable {
        let bytes: [UInt8]
        var preset = TextPreset()
        /// Logarithm; 0 for text, which may have its dictionary and itself as its window.
        let window: Int
        let candidates: [Packing]

        /// Of text: as far as to each old file, and some way on. Packing takes twelve bytes of memory for each of these.
        var windowBytes: Int {
            window == 0 ? min(bytes.count + preset.bytes.count, preset.reach + StreamPacking.textSlack) : 1 << window
        }
    }

    /// Streams up to one of these sizes are tried together.
    private static let smallBytes = [0, 256, 1 << 10, 4 << 10, 16 << 10, PatchHeader.groupBytes]
    /// Logarithm. Numbers that come again do so soon: reaching back farther saved one byte in a thousand of the largest patch.
    private static let numbersWindow = 19
    /// What a stream by itself takes of the header, more than in a group.
    private static let headerBytes = 4
    /// Bytes behind a text's own old file in which there may be something like it.
    private static let textSlack = 1 << 20

    private let packer: any StreamPacker
    private let settings: PatchSettings

    init(_ packer: any StreamPacker, _ settings: PatchSettings) {
        (self.packer, self.settings) = (packer, settings)
    }

    func pack(_ streams: StreamSet, dictionary: TextPreset) async throws -> Result {
        let used = PatchStream.allCases.filter { !streams[$0].isEmpty }
        let groups = groups(used.filter { $0 != .text || dictionary.bytes.isEmpty }, streams)
        let sources =
            used.map { source(streams[$0], $0, dictionary) }
            + groups.map { group in
                self.group(group.flatMap { streams[$0] })
            }
        let pieces = try await pack(sources)
        let alone = Dictionary(uniqueKeysWithValues: zip(used, pieces))
        var best = result(used, [], nil, alone)
        for (group, piece) in zip(groups, pieces[used.count...]) {
            let other = result(used, group.map { ($0, streams[$0].count) }, piece, alone)
            if other.cost < best.cost { best = other }
        }
        return best
    }

    private func result(
        _ used: [PatchStream], _ grouped: [(PatchStream, Int)], _ group: Piece?, _ alone: [PatchStream: Piece]
    ) -> Result {
        let members = Set(grouped.map(\.0))
        let singles = used.filter { !members.contains($0) }.compactMap { stream in alone[stream].map { (stream, $0) } }
        return Result(grouped: grouped.map { ($0, $1) }, group: group, singles: singles)
    }

    /// Sets of streams that are packed as one, to see which is smallest.
    private func groups(_ candidates: [PatchStream], _ streams: StreamSet) -> [[PatchStream]] {
        var groups: [[PatchStream]] = []
        for limit in Self.smallBytes {
            let group = candidates.filter { streams[$0].count <= limit }
            let isSmall = group.reduce(0) { $0 + streams[$1].count } <= PatchHeader.groupBytes
            if !group.isEmpty, isSmall, group != groups.last { groups.append(group) }
        }
        return groups
    }

    private func group(_ bytes: [UInt8]) -> Source {
        Source(
            bytes: bytes, window: PatchHeader.groupWindow(bytes.count),
            candidates: [.zstd] + Self.lzma([(3, 0, 0), (0, 0, 0), (3, 0, 2), (0, 2, 2), (4, 0, 0), (1, 3, 3)]))
    }

    private func source(_ bytes: [UInt8], _ stream: PatchStream, _ dictionary: TextPreset) -> Source {
        if stream == .text {
            let candidates = Self.lzma(bytes.count <= 1 << 20 ? [(3, 0, 0), (4, 0, 0), (2, 0, 0)] : [(3, 0, 0)])
            return Source(bytes: bytes, preset: dictionary, window: 0, candidates: candidates)
        }
        let isPlain = stream == .literals || stream == .bulk
        let mostWindow = stream.isOfNumbers ? min(settings.windowLog, Self.numbersWindow) : settings.windowLog
        let window = min(mostWindow, PatchHeader.groupWindow(bytes.count))
        var candidates = Self.lzma(isPlain ? [(3, 0, 0), (4, 0, 0), (1, 3, 3)] : [(3, 0, 0), (0, 0, 0)])
        // What never won on anything larger, in any of the pairs measured.
        if bytes.count <= 64 << 10 { candidates += [.zstd] + Self.lzma([(0, 2, 2), (1, 3, 3), (4, 0, 0)]) }
        return Source(bytes: bytes, window: window, candidates: candidates)
    }

    private static func lzma(_ parameters: [(Int, Int, Int)]) -> [Packing] {
        parameters.compactMap { LZMAParameters(lc: $0, lp: $1, pb: $2).map(Packing.lzma) }
    }

    /// Each in every candidate way, several at a time; the first of the smallest is kept.
    private func pack(_ sources: [Source]) async throws -> [Piece] {
        let attempts = sources.indices.flatMap { index in sources[index].candidates.map { (index, $0) } }
            .sorted { sources[$0.0].windowBytes > sources[$1.0].windowBytes }
        var best = sources.map { (bytes: $0.bytes, packing: Packing.stored) }
        try await withThrowingTaskGroup(of: (Int, Packing, [UInt8]).self) { group in
            var waiting = attempts[...]
            func begin() {
                guard let (index, packing) = waiting.popFirst() else { return }
                let source = sources[index]
                group.addTask { [packer] in
                    let packed = try packer.pack(
                        source.bytes, as: packing, window: source.windowBytes, dictionary: source.preset.bytes)
                    return (index, packing, packed)
                }
            }
            for _ in 0..<max(1, settings.workers) { begin() }
            while let (index, packing, bytes) = try await group.next() {
                if (bytes.count, packing.code) < (best[index].bytes.count, best[index].packing.code) {
                    best[index] = (bytes, packing)
                }
                begin()
            }
        }
        return zip(sources, best).map { source, best in
            let window = best.packing == .stored && source.window != 0 ? PatchHeader.windows.lowerBound : source.window
            let packed = PatchHeader.Packed(
                packing: best.packing, window: window, count: source.bytes.count, packedCount: best.bytes.count)
            return Piece(packed: packed, bytes: best.bytes)
        }
    }
}
