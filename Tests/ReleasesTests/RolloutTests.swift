import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures
import Testing

@testable import Releases

@Suite("The rollout of a release")
struct RolloutTests {
    typealias Curve = [(hours: Int, perMille: Int)]

    private static let start = Date(timeIntervalSince1970: 1_800_000_000)

    private func rollout(_ curve: Curve, start: Date = start) throws -> Rollout {
        try Rollout(start: start, steps: curve.map { Rollout.Step(hours: $0.hours, perMille: $0.perMille) })
    }

    private func after(_ seconds: Double) -> Date { Self.start.addingTimeInterval(seconds) }

    @Test(
        "opens to nobody before its first step, evenly between two, and to no more after the last",
        arguments: [
            (-1, 0), (0, 50), (0.9, 50), (3599, 52), (36_000, 70), (72_000, 91), (86_399, 99), (86_400, 100),
            (86_401, 100), (172_799, 999), (172_800, 1000), (1e12, 1000), (-1e12, 0), (.infinity, 1000),
            (-.infinity, 0), (.nan, 0),
        ] as [(Double, Int)])
    func share(seconds: Double, expected: Int) throws {
        let rollout = try rollout([(0, 50), (24, 100), (48, 1000)])
        #expect(rollout.perMille(at: after(seconds)) == expected)
    }

    @Test("waits for a first step that is later than the start")
    func lateFirstStep() throws {
        let rollout = try rollout([(2, 500)])
        #expect(rollout.perMille(at: after(7199)) == 0)
        #expect(rollout.perMille(at: after(7200)) == 500)
        #expect(try rollout.opening(for: #require(RolloutNumber(0))) == after(7200))
    }

    @Test(
        "says when a number's turn is: at the first second of it, or never",
        arguments: [
            ([(0, 1000)], 999_999, 0), ([(0, 0)], 0, nil), ([(0, 999)], 999_000, nil), ([(0, 999)], 998_999, 0),
            ([(0, 0), (1, 1000)], 0, 4), ([(0, 0), (1, 1000)], 999_999, 3600), ([(0, 0), (1, 1)], 999, 3600),
            ([(0, 50), (24, 50), (25, 51)], 50_000, 90_000), ([(0, 50), (8784, 1000)], 999_999, 31_622_400),
        ] as [(Curve, Int, Double?)])
    func turn(curve: Curve, number: Int, expected: Double?) throws {
        let opening = try rollout(curve).opening(for: try #require(RolloutNumber(number)))
        #expect(opening == expected.map(after))
    }

    @Test("opens for a number exactly when its share is above it, whatever the curve")
    func agreement() throws {
        var random = Sequence64(seed: 7)
        for _ in 0..<300 {
            let rollout = try rollout(randomCurve(&random))
            for _ in 0..<20 {
                let number = try #require(RolloutNumber(Int(random.next() % 1_000_000)))
                guard let opening = rollout.opening(for: number) else {
                    #expect(rollout.perMille(at: .distantFuture) * 1000 <= number.value)
                    continue
                }
                #expect(rollout.perMille(at: opening) * 1000 > number.value, "\(rollout), \(number)")
                let before = opening.addingTimeInterval(-1)
                #expect(rollout.perMille(at: before) * 1000 <= number.value, "\(rollout), \(number)")
                let time = after(Double(random.next() % 40_000_000) - 1_000_000)
                #expect((rollout.perMille(at: time) * 1000 > number.value) == (time >= opening))
            }
        }
    }

    private func randomCurve(_ random: inout Sequence64) -> Curve {
        var (hours, share) = (Int(random.next() % 3), Int(random.next() % 100))
        var curve: Curve = [(hours, share)]
        for _ in 0..<(random.next() % 15) {
            hours += 1 + Int(random.next() % (random.next() % 4 == 0 ? 500 : 5))
            share = min(1000, share + Int(random.next() % 200))
            curve.append((hours, share))
        }
        return curve
    }

    @Test(
        "is refused when it has no steps, too many, or steps that go back",
        arguments: [
            [], (0...16).map { ($0, 0) }, [(-1, 0)], [(8785, 0)], [(0, -1)], [(0, 1001)], [(0, 1), (0, 2)],
            [(1, 1), (0, 2)], [(0, 2), (1, 1)], [(.max, 0)], [(.min, .max)],
        ] as [Curve])
    func refused(curve: Curve) {
        #expect(throws: ReleaseFault.self) { try rollout(curve) }
    }

    @Test("is refused when its start cannot be written", arguments: [.nan, .infinity, -1e300, 1e12] as [Double])
    func refusedStart(seconds: Double) {
        #expect(throws: ReleaseFault.self) { try rollout([(0, 1)], start: Date(timeIntervalSince1970: seconds)) }
    }

    @Test("is written and read as one")
    func json() throws {
        let rollout = try rollout(
            [(0, 50), (24, 1000)], start: try #require(UTCTime.decode("2026-12-01T08:00:00Z")).addingTimeInterval(0.7))
        #expect(
            rollout.json == [
                "start": "2026-12-01T08:00:00Z",
                "steps": [["hours": 0, "per_mille": 50], ["hours": 24, "per_mille": 1000]],
            ])
        #expect(try Rollout(JSONReader(rollout.json, at: "x")) == rollout)
    }

    @Test(
        "is refused in JSON with its place",
        arguments: [
            ["steps": [["hours": 0, "per_mille": 50]]], ["start": "2026-12-01T08:00:00Z"],
            ["start": "2026-12-01", "steps": [["hours": 0, "per_mille": 50]]],
            ["start": "2026-12-01T08:00:00Z", "steps": []],
            ["start": "2026-12-01T08:00:00Z", "steps": [["hours": 0, "per_mille": 1001]]],
            ["start": "2026-12-01T08:00:00Z", "steps": [["hours": 8785, "per_mille": 1]]],
            ["start": "2026-12-01T08:00:00Z", "steps": [["hours": 1]]], ["start": 1, "steps": [1]],
            [
                "start": "2026-12-01T08:00:00Z",
                "steps": .array((0...17).map { ["hours": .integer($0), "per_mille": .integer($0)] }),
            ],
        ] as [JSONValue])
    func refusedJSON(value: JSONValue) {
        #expect(throws: (any Error).self) { try Rollout(JSONReader(value, at: "x")) }
    }

    @Test("gives an instance another number for each release, all over the range")
    func numbers() throws {
        let seed = [UInt8](0..<32)
        // printf 'sceau-rollout/1\n2.0\n' and the bytes 0 to 31, through sha256sum; its first 16 digits modulo 1,000,000.
        #expect(RolloutNumber(seed: seed, version: try Version("2.0")).value == 299631)
        let values = try (0..<1000).map { RolloutNumber(seed: seed, version: try Version("1.\($0)")).value }
        #expect(values.allSatisfy((0..<RolloutNumber.count).contains))
        let tenths = Dictionary(grouping: values) { $0 / 100_000 }
        #expect(tenths.count == 10 && tenths.values.allSatisfy { (60...140).contains($0.count) })
        #expect(
            try RolloutNumber(seed: seed + [0], version: Version("2.0"))
                != RolloutNumber(seed: seed, version: Version("2.0")))
    }
}

/// The same numbers in every run.
struct Sequence64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
