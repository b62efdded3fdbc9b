import ArgumentParser
import Primitives
import Testing

@testable import CommandSupport

private enum SampleCode: String, FaultCode {
    case refused = "sample/refused"
    case offline = "sample/offline"

    var family: FaultFamily { self == .refused ? .refusal : .transport }
    var summary: String { "sample went wrong" }
    var hint: String? { self == .offline ? "try again" : nil }
}

private struct OddError: Error {
    let text: String
}

private struct Sample: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", version: Tool.versionLine("sample"), subcommands: [Fail.self, Wait.self])

    struct Fail: ParsableCommand {
        @Argument var how: String

        func run() throws {
            switch how {
            case "refused": throw Fault(SampleCode.refused, found: "a\u{1b}[2Jb", at: "file")
            case "stated":
                try stating("nothing was changed") { throw Fault(SampleCode.offline) }
            case "usage": throw ValidationError("no such thing")
            case "status": throw ExitCode(2)
            case "closed": throw OutputClosed()
            case "odd": throw OddError(text: "x\u{7}")
            case "help": throw CleanExit.message("that is all")
            default: break
            }
        }
    }

    struct Wait: AsyncParsableCommand {
        func run() async throws {
            try await stating("still waiting") {
                await Task.yield()
                throw Fault(SampleCode.offline)
            }
        }
    }
}

@Suite struct ToolTests {
    private func ending(_ arguments: String...) async -> Ending {
        await Tool("sample").ending(of: Sample.self, arguments: arguments)
    }

    @Test("a command that succeeds says nothing more and ends with 0")
    func success() async {
        #expect(await ending("fail", "not") == .done)
    }

    @Test("--version names tool and version")
    func version() async {
        let ending = await ending("--version")
        #expect(ending.output == ["sample 0.1.0"])
        #expect(ending.status == 0)
        #expect(ending.errorLines.isEmpty)
    }

    @Test("--help goes to standard output and ends with 0")
    func help() async {
        let ending = await ending("fail", "--help")
        #expect(ending.output.contains { $0.contains("USAGE: sample fail <how>") })
        #expect(ending.status == 0)
        #expect(ending.errorLines.isEmpty)
    }

    @Test("a wrong command line ends with 64, in the house's form, and names the help")
    func wrongOption() async {
        let ending = await ending("fail", "--bogus\u{1b}", "x")
        #expect(ending.status == 64)
        #expect(ending.output.isEmpty)
        #expect(
            ending.errorLines == [
                "sample: error: [command/arguments] Unknown option '--bogus\\u{1b}'",
                "sample: hint: usage: sample fail <how>", "sample: hint: see 'sample fail --help' for more information",
            ])
    }

    @Test(
        "each kind of failure has its lines and its exit status",
        arguments: [
            ("refused", 3, ["sample: error: [sample/refused] sample went wrong: found a\\u{1b}[2Jb (file)"]),
            (
                "stated", 1,
                [
                    "sample: error: [sample/offline] sample went wrong; nothing was changed",
                    "sample: hint: try again",
                ]
            ),
            ("status", 2, []),
            ("closed", 1, []),
            (
                "odd", 1,
                [
                    "sample: error: [command/unexpected] an unexpected failure: found "
                        + "OddError: OddError(text: \"x\\u{07}\")",
                    "sample: hint: this is probably a mistake in the program; please report it",
                ]
            ),
            ("help", 0, []),
        ] as [(String, Int32, [String])])
    func failure(how: String, status: Int32, lines: [String]) async {
        let ending = await ending("fail", how)
        #expect(ending.status == status)
        #expect(ending.errorLines == lines)
        #expect(ending.output == (how == "help" ? ["that is all"] : []))
    }

    @Test("a validation error out of run is a usage error")
    func lateValidation() async {
        let ending = await ending("fail", "usage")
        #expect(ending.status == 64)
        #expect(ending.errorLines.first == "sample: error: [command/arguments] no such thing")
    }

    @Test("a command that waits is run and its state is said")
    func asynchronous() async {
        let ending = await ending("wait")
        #expect(ending.status == 1)
        #expect(ending.errorLines.first == "sample: error: [sample/offline] sample went wrong; still waiting")
    }
}
