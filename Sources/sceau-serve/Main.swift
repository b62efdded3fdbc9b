import CommandSupport

@main enum Main {
    static func main() async {
        await Tool(SceauServe.name).run(SceauServe.self)
    }
}
