import Foundation

/// Compressors of others: gzip, and zlib and zipfile of Python.
enum PeerCompressor {
    struct Objection: Error {
        let said: String
    }

    /// What `gzip -<level>n` makes of `bytes`.
    static func gzip(_ bytes: [UInt8], level: Int) throws -> [UInt8] { try run(["gzip", "-\(level)n"], bytes) }

    /// What a Python program writes, which has `data` from standard input and `out` for its output.
    static func python(_ program: String, _ bytes: [UInt8]) throws -> [UInt8] {
        let frame = "import sys, io, struct, zlib, zipfile\ndata = sys.stdin.buffer.read()\nout = sys.stdout.buffer\n"
        return try run(["python3", "-c", frame + program], bytes)
    }

    /// Several outputs of one Python program, which calls `give` with each.
    static func pythonOutputs(_ program: String, _ bytes: [UInt8]) throws -> [[UInt8]] {
        let give = "def give(made):\n    out.write(struct.pack('<I', len(made)) + made)\n"
        var rest = try python(give + program, bytes)[...]
        var outputs: [[UInt8]] = []
        while rest.count >= 4 {
            let count = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            outputs.append(Array(rest.dropFirst(4).prefix(count)))
            rest = rest.dropFirst(4 + count)
        }
        return outputs
    }

    private static func run(_ arguments: [String], _ input: [UInt8]) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("deflating-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = folder.appendingPathComponent("input")
        try Data(input).write(to: source)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: source)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let made = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Objection(said: arguments.joined(separator: " ")) }
        return [UInt8](made)
    }
}
