import Deflating
import Primitives
import Testing

/// Recipes come in patches: whatever they say, the answer is bytes within the limits or a fault.
@Suite struct RecipeTests {
    /// A stream with corrections of every kind: level 9, flushed, and with blocks of another compressor.
    private static func corrected() throws -> (file: [UInt8], expansion: Expansion) {
        let program = """
            made = zlib.compressobj(9, 8, 31)
            made_too = zlib.compressobj(1, 8, -15, 9, zlib.Z_FIXED)
            first = made.compress(data[:400]) + made.flush(zlib.Z_FULL_FLUSH)
            made.compress(data[400:])
            second = made_too.compress(data[400:]) + made_too.flush()
            give(first + second + struct.pack('<II', zlib.crc32(data), len(data)))
            """
        let data = SampleData.text(800, seed: 21)
        let file = try #require(try PeerCompressor.pythonOutputs(program, data).first)
        return (file, try #require(Expansion.expand(file, limits: generous)))
    }

    private static var generous: ExpansionLimits {
        var limits = ExpansionLimits()
        limits.recipeDivisor = 1
        return limits
    }

    private static func contract(_ expanded: [UInt8], _ recipe: [UInt8]) -> Result<[UInt8], DeflatingFault> {
        var limits = ExpansionLimits()
        limits.fileBytes = 1 << 20
        return Result { () throws(DeflatingFault) in
            try Expansion.contract(expanded, recipe: recipe, limits: limits)
        }
    }

    @Test func aRecipeWithCorrectionsMakesTheSameFile() throws {
        let (file, expansion) = try Self.corrected()
        #expect(expansion.recipe.count > 20)
        #expect(try Self.contract(expansion.bytes, expansion.recipe).get() == file)
    }

    @Test func everyPrefixOfARecipeIsRefused() throws {
        let (_, expansion) = try Self.corrected()
        for count in 0..<expansion.recipe.count {
            #expect(throws: DeflatingFault.self) {
                try Self.contract(expansion.bytes, Array(expansion.recipe.prefix(count))).get()
            }
        }
        #expect(throws: DeflatingFault.self) { try Self.contract(expansion.bytes, expansion.recipe + [0]).get() }
    }

    @Test func noFlippedBitOfARecipeMakesTheSameFileOrStopsUs() throws {
        let (file, expansion) = try Self.corrected()
        for index in expansion.recipe.indices {
            for bit in [index & 7, (index * 5 + 3) & 7] {
                var recipe = expansion.recipe
                recipe[index] ^= 1 << UInt8(bit)
                guard case .success(let made) = Self.contract(expansion.bytes, recipe) else { continue }
                #expect(made.count <= 1 << 20)
                // Some parameters make no difference to so few bytes; the header and the corrections do.
                let isSame = made == file
                if index > 8 { #expect(!isSame, "byte \(index) bit \(bit)") }
            }
        }
    }

    @Test func randomRecipesNeverStopUs() throws {
        let (_, expansion) = try Self.corrected()
        var random = SampleRandom(seed: 22)
        for _ in 0..<400 {
            var recipe = expansion.recipe
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                recipe[Int.random(in: 0..<recipe.count, using: &random)] = .random(in: .min ... .max, using: &random)
            }
            _ = Self.contract(expansion.bytes, recipe)
            _ = Self.contract([], recipe)
        }
    }

    @Test func expandedBytesThatWereChangedMakeAnotherFileOrAFault() throws {
        let (file, expansion) = try Self.corrected()
        for index in stride(from: 0, to: expansion.bytes.count, by: 7) {
            var bytes = expansion.bytes
            bytes[index] ^= 0x10
            #expect((try? Self.contract(bytes, expansion.recipe).get()) != file)
        }
        _ = Self.contract(Array(expansion.bytes.dropLast()), expansion.recipe)
        _ = Self.contract([], expansion.recipe)
    }

    @Test func aNumberSpelledLongerThanNeededIsRefused() throws {
        let expansion = try #require(Expansion.expand(try PeerCompressor.gzip(SampleData.text.bytes, level: 9)))
        // The number of regions, 1, with a zero in front.
        let recipe = [expansion.recipe[0], 0x81, 0] + expansion.recipe[2...]
        #expect(throws: DeflatingFault.self) { try Self.contract(expansion.bytes, recipe).get() }
    }

    /// Version 1, one region: nothing before it, `data` bytes, then the recipe.
    private static func recipe(data: UInt8, _ bytes: UInt8...) -> [UInt8] { [1, 1, 0, data << 1] + bytes }

    @Test(
        arguments: [
            ("a copy from before the beginning", recipe(data: 9, 0x16, 0x76, 14, 1, 3, 1, 60)),
            ("a copy beyond the end", recipe(data: 9, 0x16, 0x76, 14, 1, 5, 9, 0)),
            ("a correction behind the end", recipe(data: 9, 0x16, 0x76, 14, 1, 9, 0)),
            ("a correction that corrects nothing", recipe(data: 9, 0x16, 0x76, 14, 1, 0, 0)),
            ("a list of no corrections", recipe(data: 9, 0x16, 0x76, 14, 0)),
            ("a stream without an end", recipe(data: 9, 0x26, 0x76, 14, 1, 9, 0)),
            ("an unknown strategy", recipe(data: 9, 0x0B, 0x76, 14)),
            ("a window above 32 KiB", recipe(data: 9, 0x06, 0x77, 14)),
            ("a hash of 17 bits", recipe(data: 9, 0x06, 0x96, 14)),
            ("blocks of 63 tokens", recipe(data: 9, 0x06, 0x76, 6)),
            ("a bit that means nothing", recipe(data: 9, 0x06, 0x76, 0x2E)),
            ("a billion empty blocks", recipe(data: 9, 0x26, 0x76, 14, 1, 0, 0x80, 0x94, 0xEB, 0xDC, 0x03)),
            ("millions of empty blocks", recipe(data: 9, 0x26, 0x76, 14, 1, 0, 0xFF, 0xFF, 0xFF, 1)),
            ("more data than there is", recipe(data: 10, 0x06, 0x76, 14)),
            ("another version", [2, 1, 0, 18, 0x06, 0x76, 14]),
            ("no region", [1, 0]),
        ])
    func aRecipeThatCannotBeIsRefused(_ attack: String, _ recipe: [UInt8]) {
        #expect(throws: DeflatingFault.self, "\(attack)") { try Self.contract(Array("nine byte".utf8), recipe).get() }
    }

    /// Each for itself is cheap: no data, and 300 empty blocks.
    @Test func manyPartsThatAreMuchWorkTogetherAreRefused() throws {
        let part: [UInt8] = [0, 0, 0x26, 0x76, 14, 1, 0, 0xAC, 2]
        #expect(throws: Never.self) { try Self.contract([], [1, 1] + part).get() }
        let fault = #expect(throws: DeflatingFault.self) {
            try Self.contract([], [1, 10] + [[UInt8]](repeating: part, count: 10).joined()).get()
        }
        #expect(fault?.code == .tooMuchWork)
    }

    @Test func severalFilesHaveOneAllowanceOfWork() throws {
        let recipe: [UInt8] = [1, 1, 0, 0, 0x26, 0x76, 14, 1, 0, 0xAC, 2]
        let limits = ExpansionLimits()
        var work = 3_000_000
        _ = try Expansion.contract([], recipe: recipe, limits: limits, work: &work)
        #expect(work > 0 && work < 1_000_000)
        let fault = #expect(throws: DeflatingFault.self) {
            try Expansion.contract([], recipe: recipe, limits: limits, work: &work)
        }
        #expect(fault?.code == .tooMuchWork)
    }

    @Test func theSmallestRecipeMakesAStream() throws {
        let stream = try Self.contract(Array("nine byte".utf8), Self.recipe(data: 9, 0x06, 0x76, 14)).get()
        #expect(stream == [0xCB, 0xCB, 0xCC, 0x4B, 0x55, 0x48, 0xAA, 0x2C, 0x49, 0x05, 0x00])
    }
}
