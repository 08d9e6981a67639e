"""The words of a subject. Only how many there are counts, so a word may be common elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

SUBJECTS: Mapping[str, str] = {
    "code": """
        python javascript typescript java rust golang sql regex bash html css react django
        flask fastapi docker dockerfile kubernetes kubectl git pytorch tensorflow numpy
        pandas regular expression traceback nullpointerexception typeerror valueerror
        exception goroutines goroutine mutex flexbox div api codebase repo c++ c# node
        npm linux cron async unittest pytest powershell terraform graphql postgresql select
        stacktrace recursion memoization compile compiler endpoint endpoints
    """,
    "code object": """
        function class method script query program code component module library app bug
        variable loop array string algorithm parser unit tests test crash linked list
        handler command funktion fonction función função funzione functie requête consulta
        skript schema
    """,
    "hard code": """
        distributed concurrency concurrent lock deadlock deadlocks race linearizable
        consistency partitions throughput latency scalable architecture architect security
        vulnerabilities cryptographic compiler kernel memory ordering optimise optimize
        redesign migration microservices rollback downtime consensus sharding
    """,
    "mathematics": """
        theorem lemma prime primes integer integers polynomial derivative integral matrix
        eigenvalue eigenvalues vector equation equations inequality triangle circle radius
        probability random variable variance converges converge diverges sequence series
        bounded continuous differentiable function group abelian cyclic field ring ideal
        isomorphic homomorphism graph vertices permutation permutations combinatorics
        divisible modulo real numbers irrational rational square root logarithm sin cos tan
        angle angles sum product infinite finite domain induction récurrence suite
        convergente bornée primzahlen differentialgleichung wurzel número raíz irracional
        ângulos triângulo numeri primi getallen even odd perpendicular tetrahedron midpoint
        quotient remainder
    """,
    "science": """
        quantum particle wave photon electron proton neutron energy eigenstate hamiltonian
        velocity momentum torque tension mass force magnetic electric field spin orbital
        potential entropy enthalpy thermodynamic equilibrium reaction reactions compound
        compounds molecule molecular acid base catalyst oxidation hydrogenation benzene
        stereochemistry chiral optical enzyme protein gene genes genome dna rna mutation
        allele chromosome cell cells membrane receptor galaxy star stars luminosity redshift
        spectrum wavelength frequency lifetime nucleus isotope pivot rod frictionless
        relativistic plasma lattice semiconductor ev nmr
    """,
    "medicine": """
        patient presents history diagnosis symptoms examination ecg blood pressure serum
        hypotension hypertension tachycardia fever pain chest abdominal nausea vomiting
        acute chronic mg mmol dose mechanism inr warfarin treatment therapy infection biopsy
        lesion renal hepatic cardiac pulmonary fibrillation lactate anaemia anemia woman old
        clinical prognosis surgery antibiotic insulin leukocyte hemoglobin ct mri elevation
    """,
    "law": """
        clause contract liability liable indemnify indemnity enforceability enforceable
        statute court plaintiff defendant breach negligence tort damages jurisdiction lease
        landlord tenant covenant warranty warranties waiver waives constitutional
        constitution amendment felony murder conviction conveyed remainder perpetuities
        common law fiduciary employer compete termination sublet acceleration gdpr supplier
        seller buyer consequential testator deed easement hearsay appeal appellate legal
    """,
    "finance": """
        ebitda revenue margin wacc dcf valuation debt equity leverage covenant cash flow
        runway portfolio hedge yield bond bonds interest tax inflation gdp monetary fiscal
        elasticity marginal churn capex depreciation balance sheet audit auditor credit risk
        sensitivity discount terminal growth profitability invest investment vermögenssteuer
    """,
    "humanities": """
        ethical ethics moral utilitarianism utilitarian imperative kant philosophy
        philosophers argument arguments treaty war revolution empire historical historians
        epistemic justification consequentialism deontological psychologist behaviour
        cognitive sociological political ideology democracy doctrine religious
    """,
    "field": """
        name names date dates amount amounts total address addresses email phone currency price quantity
        postcode vendor merchant company sender iban url urls number invoice entities ingredients skills
        deadline fields keys nombre importes fechas adresse betrag kundennummer nom prénom indirizzo numero
        bedrag factuurnummer
    """,
    "constraint": """
        must should not avoid ensure least most exactly more fewer only without never
        always include mention required limit limited constraint constraints given assume
        assumptions unless except under within
    """,
    "sequence": """
        then next finally afterwards after first second third once until lastly step steps
        dann anschließend danach puis ensuite luego después depois poi daarna
    """,
    "ease": """
        briefly brief simple simply quick quickly basic easy short trivial beginner liner
        kurz kurze breve
    """,
    "judgment": """
        why how should could would most best likely appropriate apply applies valid enforce
        whether risk risks defences assumptions conclusion explain because therefore
        evidence convincing conflict contradict contradictions disagree recur infer cause
        causes
    """,
    "polarity": """
        positive negative neutral positiv negativ neutral positif négatif neutre positivo
        negativo neutro positiva negativa
    """,
    "question": """
        what who whom whose when where which how why is are was were does did
        was wer wann wo welche welcher welches wie warum quel quelle quels qui quand où
        comment pourquoi combien qué quién cuándo dónde cuál cuánto cómo qual quem quando
        onde como quanto chi cosa dove quale perché wat wie waar wanneer welk hoeveel whats
        whos
    """,
    "greeting": """
        hi hello hey thanks thank ok okay morning evening bye hallo bonjour hola ciao olá
        danke merci gracias
    """,
}

# Verbs that do something outside the conversation; two or more make a task with several steps.
ACTIONS = """
    search, browse, book, commit, clone, deploy, notify, send, email, download, upload, click, post,
    log in, go to, look up, open a, open an, create a ticket, run the, read each, read each of,
    update our, check whether, save them, reproduce, upgrade, find out, book it, collect their, pull
    last, chart them, find a free, find the cheapest, fix it
"""

# Chinese, Japanese and Korean part no words by spaces: these are looked for as substrings.
CJK: Mapping[str, str] = {
    "classify": "分类 分類 归类 분류 判断",
    "sentiment or intent": "情感 感情 감정 意图",
    "extract": "提取 抽取 抽出 추출",
    "translate": "翻译 翻譯 翻訳 번역",
    "rewrite": "改写 改寫 润色 書き直 言い換え 고쳐 바꿔",
    "summarize": "总结 總結 概括 摘要 要約 まとめて 요약",
    "prove": "证明 證明 証明 증명",
    "solve": "计算 計算 求解 계산",
    "analyse": "分析 评估 評価 분석",
    "step by step": "推理 一步一步 逐步 每一步 ステップ 단계",
    "write": "写一 写一封 書いて 작성 써줘 써주",
    "creative piece": "诗 詩 故事 物語 怪談 小说 이야기",
    "routine text": "模板 テンプレート 템플릿",
    "program": "python java sql 函数 関数 함수 代码 コード 코드",
    "define": "什么 多长 多少 多高 是谁 哪 何です 誰 どこ いつ ですか 무엇 어디 누구 언제 인가요",
}
