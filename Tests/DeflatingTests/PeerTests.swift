import Deflating
import Testing

/// What real compressors made is made again, and the recipe is a few bytes: parameters and nothing to correct.
@Suite struct PeerTests {
    /// A version, a count, two lengths and three bytes of parameters.
    private static let exactRecipe = 12

    private func expectExact(_ file: [UInt8], standsFor data: [UInt8], _ comment: Comment) throws {
        let expansion = try #require(Expansion.expand(file), comment)
        #expect(expansion.recipe.count <= Self.exactRecipe, comment)
        #expect(expansion.bytes == Array(file.prefix(10)) + data, comment)
        #expect(try Expansion.contract(expansion.bytes, recipe: expansion.recipe) == file, comment)
        #expect(Expansion.inflate(file) == expansion.bytes, comment)
    }

    @Test(arguments: 1...9)
    func whatGzipMakesIsMadeAgainAtEveryLevel(_ level: Int) throws {
        for kind in [1, 6, 9].contains(level) ? SampleData.allCases : [.mixed] {
            let file = try PeerCompressor.gzip(kind.bytes, level: level)
            try expectExact(file, standsFor: kind.bytes, "\(kind)")
        }
    }

    @Test(arguments: [1, 2, 5, 6, 9])
    func whatZlibMakesIsMadeAgainAtEveryLevelAndMemory(_ level: Int) throws {
        let program = """
            for memory in (8, 9, 1):
                made = zlib.compressobj(\(level), 8, 31, memory)
                give(made.compress(data) + made.flush())
            """
        for kind in [SampleData.mixed] {
            for (number, file) in try PeerCompressor.pythonOutputs(program, kind.bytes).enumerated() {
                try expectExact(file, standsFor: kind.bytes, "\(kind) \(number)")
            }
        }
    }

    @Test func whatZlibMakesWithOtherStrategiesAndWindowsIsMadeAgain() throws {
        let program = """
            for level, window, strategy in ((6, 31, 1), (9, 31, 1), (6, 31, 2), (6, 31, 3), (6, 31, 4),
                                            (6, 30, 0), (9, 28, 0), (6, 26, 0)):
                made = zlib.compressobj(level, 8, window, 8, strategy)
                give(made.compress(data) + made.flush())
            """
        for kind in [SampleData.text, .runs] {
            for (number, file) in try PeerCompressor.pythonOutputs(program, kind.bytes).enumerated() {
                try expectExact(file, standsFor: kind.bytes, "\(kind) \(number)")
            }
        }
    }

    @Test func aStreamThatWasFlushedNowAndThenIsMadeAgainWithCorrections() throws {
        let program = """
            made = zlib.compressobj(9, 8, 31)
            result = b''
            for start in range(0, len(data), 30000):
                result += made.compress(data[start:start + 30000]) + made.flush(zlib.Z_SYNC_FLUSH)
            give(result + made.flush())
            """
        let file = try #require(try PeerCompressor.pythonOutputs(program, SampleData.text.bytes).first)
        let expansion = try #require(Expansion.expand(file))
        #expect(expansion.recipe.count < 200)
        #expect(try Expansion.contract(expansion.bytes, recipe: expansion.recipe) == file)
    }

    @Test func everyEntryOfAZipFileIsExpandedAndMadeAgain() throws {
        let program = """
            made = io.BytesIO()
            with zipfile.ZipFile(made, 'w') as files:
                for level in range(1, 10):
                    files.writestr(f'level-{level}', data[:20000 + level], zipfile.ZIP_DEFLATED, level)
                files.writestr('stored', data[:3000], zipfile.ZIP_STORED)
                files.writestr('tiny', b'x', zipfile.ZIP_DEFLATED)
                files.comment = b'a comment PK\\x05\\x06 with a signature in it'
            give(made.getvalue())
            """
        let data = SampleData.text.bytes
        let file = try #require(try PeerCompressor.pythonOutputs(program, data).first)
        let expansion = try #require(Expansion.expand(file))
        #expect(expansion.bytes.count > 9 * 20_000 + 3000)
        #expect(expansion.recipe.count < 9 * 9)
        #expect(try Expansion.contract(expansion.bytes, recipe: expansion.recipe) == file)
        #expect(Expansion.inflate(file) == expansion.bytes)
    }
}
