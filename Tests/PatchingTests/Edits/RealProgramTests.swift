import FoundationEssentials
import Testing

@testable import Patching

#if canImport(Glibc)
    internal import Glibc
#endif

/// Programs that compilers made. Without a compiler there is nothing to test; the forge has both.
@Suite struct RealProgramTests {
    private static func source(_ inserted: String) -> String {
        let functions = (0..<60).map { index in
            """
            __attribute__((noinline)) int f\(index)(int a) {
                switch (a % 7) {
                case 0: return puts("zero \(index)"); case 1: return f\((index + 7) % 60)(a / 2); case 2: value\(index) += a; break;
                case 3: return a * \(index); case 4: return value\((index + 1) % 60); case 5: return puts(names[a % 3]);
                }
                return a + value\(index);
            }
            """
        }
        let declared = (0..<60).map { "int value\($0) = \($0); int f\($0)(int);" }.joined(separator: "\n")
        let table = "int (*table[])(int) = {" + (0..<60).map { "f\($0)" }.joined(separator: ",") + "};"
        return """
            #include <stdio.h>
            #include <stdlib.h>
            static const char *names[] = {"one", "two", "three"};
            \(declared)
            \(functions[..<20].joined(separator: "\n"))
            \(inserted)
            \(functions[20...].joined(separator: "\n"))
            \(table)
            int main(int count, char **words) { return table[atoi(words[1]) % 60](count); }
            """
    }

    private static let inserted = """
        __attribute__((noinline)) int added(int a) { return printf("%d added\\n", a) + f3(a) + (int)labs(a); }
        int (*pointer)(int) = added;
        """

    private static let go = """
        package main
        import ("fmt"; "os"; "strings")
        type shape interface { area() int }
        type square struct { side int }
        func (s square) area() int { return s.side * s.side }
        ADDED
        func main() { var s shape = square{len(os.Args)}; fmt.Println(strings.Repeat("a", s.area())) }
        """

    private static let addedGo = """
        type circle struct { radius int; name string }
        func (c *circle) area() int { fmt.Fprintln(os.Stderr, c.name); return 3 * c.radius * c.radius }
        var kept shape = &circle{1, "one"}
        func init() { if len(os.Args) > 3 { fmt.Println(kept.area()) } }
        """

    @Test func aFunctionInsertedIntoACProgramCostsItsOwnBytesAndLittleMore() throws {
        for options in [["-O0"], ["-O2"], ["-O2", "-s"], ["-O1", "-no-pie"], ["-O2", "-shared", "-fPIC"]] {
            guard let old = try compiled(Self.source(""), options),
                let new = try compiled(Self.source(Self.inserted), options)
            else { return }
            try check(old, new, atMost: 0.65, options)
        }
    }

    @Test func aProgramCompiledOtherwiseIsMadeAgain() throws {
        guard let old = try compiled(Self.source(""), ["-O1"]), let new = try compiled(Self.source(""), ["-O3"]) else {
            return
        }
        try check(old, new, atMost: 1.1, [])
    }

    @Test func aTypeAddedToAGoProgramIsPredicted() throws {
        let (before, after) = (Self.go.replacing("ADDED", with: ""), Self.go.replacing("ADDED", with: Self.addedGo))
        guard let old = try builtByGo(before), let new = try builtByGo(after) else { return }
        let kinds = Set(try #require(oldProgram(old)).references.all.map(\.kind))
        #expect(kinds.isSuperset(of: [.goText, .goFunction, .goName, .goUnit, .goFile, .goCounter, .goData, .goType]))
        try check(old, new, atMost: 0.3, [])
    }

    /// The edit is a prediction, makes the new file, and takes no more than a part of what blocks alone take.
    private func check(_ old: [UInt8], _ new: [UInt8], atMost part: Double, _ options: [String]) throws {
        let edit = encode(old, new)
        #expect(edit.method == .predicted, "\(options)")
        let made = try decode(edit.method, edit.streams, old: old, count: new.count, memory: edit.memory)
        #expect(made == new)
        let (predicted, copied) = (size(edit.streams), size(copyOnly(old, new)))
        #expect(Double(predicted) <= part * Double(copied), "\(predicted) of \(copied) bytes, \(options)")
    }

    private func size(_ streams: [[UInt8]]) -> Int { streams.reduce(0) { $0 + $1.count } }

    private func compiled(_ source: String, _ options: [String]) throws -> [UInt8]? {
        try inFolder { folder in
            try source.write(to: folder.appending(path: "p.c"), atomically: false, encoding: .utf8)
            return ["cc", "p.c", "-o", "p"] + options
        }
    }

    private func builtByGo(_ source: String) throws -> [UInt8]? {
        try inFolder { folder in
            try source.write(to: folder.appending(path: "p.go"), atomically: false, encoding: .utf8)
            return ["go", "build", "-trimpath", "-ldflags=-w", "-o", "p", "p.go"]
        }
    }

    /// The file `p` that a command makes in a folder of its own; nil where there is no such command.
    private func inFolder(_ prepare: (URL) throws -> [String]) throws -> [UInt8]? {
        let folder = FileManager.default.temporaryDirectory.appending(path: "edit-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let command = try prepare(folder)
        let status = run(["/usr/bin/env", "-C", folder.path(), "GOFLAGS=-mod=mod", "GO111MODULE=off"] + command)
        // 127: not found.
        guard status != 127 << 8 else { return nil }
        try #require(status == 0)
        return [UInt8](try Data(contentsOf: folder.appending(path: "p")))
    }

    private func run(_ words: [String]) -> Int32 {
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var (child, status): (pid_t, Int32) = (0, 127 << 8)
        guard posix_spawn(&child, words[0], nil, nil, &arguments, environ) == 0 else { return status }
        waitpid(child, &status, 0)
        return status
    }
}
