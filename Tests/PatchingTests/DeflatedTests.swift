import Deflating
import Primitives
import Releases
import Signatures
import Testing

@testable import Patching

@Suite struct DeflatedTests {
    let old = tree(GzipSample.old)
    let new = tree(GzipSample.new)

    static func tree(_ text: String) -> MemoryTree {
        MemoryTree(["changelog.gz": .file(Base64.decode(Array(text.filter { !$0.isWhitespace }.utf8)) ?? [])])
    }

    @Test func aGzipFileIsPatchedAsWhatItHolds() async throws {
        let patch = try await old.patch(to: new)
        #expect(try old.apply(patch.bytes, expected: new.listing.digest).tree == new)
        // Deflated bytes have next to nothing in common: as they are it would be most of a kilobyte.
        #expect(patch.bytes.count < 250)
    }

    @Test func aGzipFileInThePlaceOfAnotherFileComesBack() async throws {
        let plain = MemoryTree(["changelog.gz": .file(Array("no gzip file at all\n".utf8))])
        for (from, to) in [(plain, new), (old, plain)] {
            let patch = try await from.patch(to: to)
            #expect(try from.apply(patch.bytes, expected: to.listing.digest).tree == to)
        }
    }

    @Test(arguments: 0..<8)
    func oneBitTurnedMakesTheWantedFileOrNone(bit: Int) async throws {
        let patch = try await old.patch(to: new).bytes
        for place in patch.indices {
            var bytes = patch
            bytes[place] ^= 1 << UInt8(bit)
            let outcome = try old.apply(bytes, expected: new.listing.digest)
            #expect(outcome.tree == nil || outcome.tree == new, "byte \(place)")
        }
    }

    @Test func moreMemoryThanTheHeaderSaysIsNotUsed() async throws {
        let patch = try await old.patch(to: new)
        let header = patch.header
        let small = PatchHeader(
            before: header.before, after: header.after, entriesDelta: header.entriesDelta,
            bytesDelta: header.bytesDelta,
            editKiB: 1, grouped: header.grouped, group: header.group, singles: header.singles)
        let bytes = small.encoded + patch.bytes.dropFirst(header.encoded.count)
        #expect(try old.apply(bytes, expected: new.listing.digest).code == "patch/too-much-memory")
    }
}

/// Recipes in patches put together by hand.
@Suite struct HostileRecipeTests {
    static let data = Array("nine byte".utf8)
    static let small: [UInt8] = [1, 1, 0, 18, 0x06, 0x76, 14]
    /// Hundreds of empty blocks before the data.
    static let costly: [UInt8] = [1, 1, 0, 18, 0x26, 0x76, 14, 1, 0, 0xAC, 2]

    /// The code of the fault that applying a patch ends in that makes so many files with this recipe.
    static func code(
        files: Int = 1, size: Int, recipe: [UInt8], editKiB: Int, limits: PatchLimits = PatchLimits()
    ) throws -> String? {
        let old = try MemoryTree().listing
        let edit = PlannedEdit(
            method: .literal, transform: .expanded, reference: nil, size: size, expandedSize: data.count)
        let entries = (0..<files).map {
            PlannedEntry(path: ByteString("file \($0)"), kind: .file(executable: false, .edit(edit)))
        }
        let plan = try Plan(renames: [], entries: entries).encoded(over: old)
        let recipes = (0..<files).flatMap { _ in ForgedPatch.numbers([recipe.count]) + recipe }
        let streams = [(PatchStream.plan, plan), (.text, (0..<files).flatMap { _ in data }), (.recipes, recipes)]
        let all = streams.flatMap(\.1)
        let header = PatchHeader(
            before: old.digest, after: Digest.sha256(of: []), entriesDelta: files, bytesDelta: files * size,
            editKiB: editKiB, grouped: streams.map { ($0.0, $0.1.count) },
            group: PatchHeader.Packed(
                packing: .stored, window: PatchHeader.groupWindow(all.count), count: all.count, packedCount: all.count),
            singles: [])
        return try MemoryTree().apply(header.encoded + all, expected: Digest.sha256(of: []), limits: limits).code
    }

    @Test func whatCorrectionsTakeInMemoryIsCounted() throws {
        #expect(try Self.code(size: 11, recipe: Self.small, editKiB: 600) == "patch/wrong-new-tree")
        let long = Self.small + [UInt8](repeating: 0, count: 20_000)
        #expect(try Self.code(size: 11, recipe: long, editKiB: 600) == "patch/too-much-memory")
        #expect(try Self.code(size: 11, recipe: long, editKiB: 2000) == "deflating/corrupt-recipe")
    }

    @Test func filesThatAreMuchWorkTogetherAreRefused() throws {
        let size = try Expansion.contract(Self.data, recipe: Self.costly).count
        let limits = PatchLimits(deflatingWork: 6_000_000)
        for (files, code) in [(2, "patch/wrong-new-tree"), (3, "deflating/too-much-work")] {
            #expect(try Self.code(files: files, size: size, recipe: Self.costly, editKiB: 2000, limits: limits) == code)
        }
    }
}

/// The same text, but for six words, packed by `gzip -9n`.
enum GzipSample {
    static let old = """
        H4sIAAAAAAACA32YS47bQAxEr6KrGWPFI8CWE0mDXD+LJg2/l5I3FqTuJllk8dP++r6s63yfrstt3o/pcpvXY9qPbb486mX8PpZte27Tn5/n
        9vOYfl+Or+/pvuzHst6mv8uxzvvee8bivtzW+Tpt832+7HOL9JFfz/t1fontzV9lVO8aEochOll2l7b6aN3jtaX2s22p5XoMXeO3dfWTO1v1
        QNZ7Ckr5oh4S8AlJeW8IJR7qlWfrq0EOcf1W5iDKLYdw6q19hBNlR69pz7sbgQkyCtlYKZ81WuwgkNYFiQxvu7Vx9fsr3EN86eSbUJuPQABs
        Zax1UnqLoRspbqhQPtRaRY8HxPXe80608Sts2DFAGC7DwpQY54RIKsoWkniIQalQZGKyvDSNjxStRCePoDdWjdYvHQU/0xxU6KUSKzfkosTK
        R1hyiE5KW0ngQ7mNgq5igEwlYVH6hQp8BcNKBpmY05hpx4NZXyyv7SewkGvDwsiMsWSfs0qAEfWmJI+O6QDAk7QlNyfiJG3zHuhlskqH+c5I
        qZuTme/S3cuRaLn9K+HUM5Giikd9LTPa8rOBgVWqRKTOWk5THUERxmlVcrXimJF1XkfokNKvlseZSzTjTNBHJOEkRHYfEy92NKEQBdnKFCSC
        q4e7cpw3eOQkU8D7XDTQwXKvyh2BfVG47FwOcAhsrHosfnYIMzibCcwCZCtZLDjRNECYTrHoCJnSyJrY2cmP2Njfx2+q1lShoNQm3hhyWhE7
        KrP6r0oRaxCH+JPJMQzAsobdKsdZrISjT8Za0E/ZSlZHHL0oLyODAEdjDXsqFXpIVrmjXSSjWnUsgR+vgvlmqXGbTZcpgoCaUTRdzk9zaC7A
        Tl2FmIMNcpZzGP1CirP4sCLZSeKEUi3Wic8jUhqAwn2EQB1CUNLcEpKTvx1OHCwh4AhMT6VeN36yRww7ac8sjJxZ5XVV4nTFppuxg5Ojrmuo
        J5nvGrPgB0N+L+xiB5PRQUl0V/w0FxOB5f13R8eAm+dWz6S4DuQhkIVLrAh/ZvwDWz0ik4kTAAA=
        """
    static let new = """
        H4sIAAAAAAACA32Y266jMAxFfyW/htpMi9TSGeDo/P5cYlesNaYvRZDE9ra3L+nlPi1Lf7TrfOvb3qZbX/a27WufnvEyfp/zur7W9uvrtX49
        289pv9zbY972ebm173lf+rblnrG4zbelX9vaH33aeor0kR+vx7W/xebmSxiVu4bEYYhOht2hLT5a93hNqflMW2I5HkPX+E1d+eTOVD2Q5Z6A
        Er6IhwR8QhLeG0KJh3rl2fhqkENcvoU5iHLKIZx4Sx/hRNiRa9pzdCMwQUYgGyvhs0SLHQSSuiCR4U23Jq58f4d7iA+dfBNq8xEIgC2MtU5K
        TzF0I8UNFcqHWIvo8YC4nnuORBu/woYdA4ThMixMiXFOiKQibCGJhxiUCkWmTJa3pvGRopXo5BH0llUj9UtHwK9pDirkUoiVG+qixMpHWHKI
        TkpbSODj38n2Wnrb73/3zltb+ne79/UPRVw66GGEhkUhhKMjCCxoDOKFDBK0zm5mIw/W+sqqm+4DObk2LCwJM5YcChYPECXelPulYzIA8CRt
        qXsWcZLN9R7oZQ5Lh9OAkVKTJ2GP0t3ikX/1VKA8VCtF5ioe8TXMSMvP5ggWrxBRNdxwmsoLajNOq8CrQ5eJGud1hA4J/eqEHMVEM44KeUQS
        TkJk9zHxykYnFKIgO5yCRHDxcLMuxxAeOckU8L4uGmhsdQurGwXbpXDZuZzrENiy6rH42SHM4NpMYBYgW8liwUEnAcJ0ikVHqCmNrCkbPvlR
        9vvjVE7VGjYUlNjEi0SdVsSOyqy2rFLEGsTZ/mSgLOZiWcNuVcdZrISjT6Zd0E/ZSlaXOHJRXkYGAY6mHfZUKvTsrHJHu0hGteqyBH68IdYX
        Tk3hbLpMEQTUjKLpcn41ntYF2KmrEHOwQc5yDqNfSHEWH1YkO0mcUKqVdeLziFQNQMU1hUAdQlDS3BKSk38jThwsIeAITK9Kvf4IIHvEsJP2
        zMLImVVeVyWubt50M3ZwctQtDvWk5rvGLPjBkI+FXexgMjooFd0VP83FRGB5/13dMeDWc6tnUlwH6iGQhUusKP7j+A0FvwgloBMAAA==
        """
}
