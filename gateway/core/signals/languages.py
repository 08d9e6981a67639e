"""The meanings of `lexicon` in other languages: commands in the forms that people give them."""

from __future__ import annotations

from collections.abc import Mapping

GERMAN: Mapping[str, str] = {
    "classify": """
        klassifiziere, klassifizieren, kategorisiere, kategorisieren, ordne, stufe, einordnen, einstufen
    """,
    "label": "markiere, kennzeichne, etikettiere, weise eine, vergib",
    "detect": "erkenne, bestimme die sprache, bestimme die stimmung, bestimme das thema",
    "decide whether": """
        entscheide, gehört diese, ist diese nachricht, ist diese mail, ist dieser text, ist das spam
    """,
    "sentiment or intent": "stimmung, absicht, dringlichkeit, tonfall",
    "category": "kategorie, kategorien, themen",
    "which label": "welche kategorie, welcher kategorie, welche sprache, welche abteilung",
    "fixed answers": """
        positiv oder negativ, ja oder nein, ja nein, nur mit dem, nur das wort, wahr oder falsch
    """,
    "extract": "extrahiere, extrahieren, extrahier, ziehe alle, lies alle, entnimm, filtere",
    "list what is there": """
        liste alle, nenne alle, finde alle, welche beträge, welche namen, welche daten, gib mir alle, nenne
        mir, nenn mir
    """,
    "mentioned in": """
        genannten, erwähnten, aus folgendem text, aus diesem absatz, aus dieser, aus diesem, stehen in, in
        diesem schreiben
    """,
    "rewrite": """
        formuliere, formulieren, umformulieren, umformuliere, schreibe um, schreib um, umschreiben, in
        leichter sprache, in einfacher sprache, in eigenen worten
    """,
    "translate": """
        übersetze, übersetzen, übersetz, übersetzung, ins englische, ins deutsche, auf englisch, wie sagt
        man, sag auf
    """,
    "correct": "korrigiere, korrigieren, verbessere, korrekturlesen, prüfe die rechtschreibung",
    "language mistakes": "rechtschreibung, grammatik, tippfehler, zeichensetzung",
    "make it so": "bitte kürzer, mach daraus, mach das, mach es, ersetze",
    "another tone": """
        höflicher, freundlicher, freundlichen, förmlicher, formeller, kürze, kürzer, sachlicher, klingt
        besser
    """,
    "summarize": "fasse, fass, zusammenfassen, worum geht",
    "summary": """
        protokoll, zusammenfassung, kernaussagen, hauptpunkte, kurzfassung, wichtigsten punkte, das
        wesentliche
    """,
    "define": "was bedeutet, wie heißt, wie viele, wann wurde, wo liegt, nenne drei",
    "explain": "erkläre, erklär, beschreibe",
    "routine text": """
        vorlage, kündigung, abwesenheitsnotiz, bestätigungsmail, bestätigung, einladung, standardantwort,
        zahlungserinnerung, betreffzeile, produktbeschreibung, stellenanzeige, dankschreiben,
        willkommensmail, geburtstagskarte, glückwunschkarte, grußkarte
    """,
    "write": """
        erzähl, erzähle, schreibe, schreib, verfasse, erstelle, erstell, entwirf, entwerfe, gib mir ein
    """,
    "brainstorm": "schlage vor, überlege dir, denk dir, erfinde, ideen für, stell dir vor",
    "creative piece": """
        gruselige, gedicht, geschichte, kurzgeschichte, aufsatz, märchen, lied, rede, blogbeitrag, witz,
        dialog
    """,
    "program": "implementiere, programmiere, debugge, refaktoriere, behebe den fehler",
    "prove": "beweise, beweisen, beweis, zeige dass, zeigen sie dass, widerlege",
    "solve": "löse, berechne, berechnen, bestimme den wert, bestimme alle, leite her",
    "analyse": """
        argumentiere, gewichte, kritisch, beurteilen, bewerten, erörtern, analysiere, analysieren, bewerte,
        beurteile, wäge, diskutiere, erörtere, interpretiere
    """,
    "compare": "vergleiche, vor und nachteile, abwägen, gegenüberstellen, sollte er, sollten wir, soll ich",
    "plan": "empfiehl, empfehlung, strategie, plane die",
    "step by step": """
        leite es her, herleiten, schritt für schritt, jeden schritt, begründe, und warum, mit begründung,
        rechenweg
    """,
}
FRENCH: Mapping[str, str] = {
    "classify": "classe, classez, classifie, classifiez, classer, catégorise, catégorisez, trie, triez",
    "label": "étiquette, étiquetez, attribue, attribuez, marque",
    "detect": "détecte, détectez, identifie la langue, quelle langue",
    "decide whether": """
        indique si, indiquez si, dis si, dites si, dis moi si, détermine si, ce message est, est ce un spam
    """,
    "sentiment or intent": "ton de, intention, urgence",
    "category": "catégorie, catégories, étiquettes",
    "which label": "quelle catégorie, dans quelle catégorie, quel service, quel est le sentiment",
    "fixed answers": "positif ou négatif, oui ou non, oui non, vrai ou faux, positif | négatif, un seul mot",
    "extract": "extrais, extrait, extrayez, extraire, relève, relevez, repère, repérez",
    "list what is there": """
        liste tous, liste toutes, trouve tous, trouve toutes, trouvez, quels montants, quelles dates, quels
        sont les, quelles sont les
    """,
    "mentioned in": """
        dans ce message, mentionnés, mentionnées, cités, citées, dans ce texte, du texte suivant, dans cette
    """,
    "rewrite": "reformule, reformulez, reformuler, réécris, réécrivez, réécrire, récris, transforme cette",
    "translate": "traduis, traduisez, traduire, traduction, en anglais, en allemand, en espagnol",
    "correct": "corrige, corrigez, corriger, relis, relisez",
    "language mistakes": "orthographe, fautes, grammaire",
    "another tone": """
        moins répétitif, moins long, rendre ce, rends ce, plus polie, plus poli, plus formel, plus formelle,
        plus courte, plus court, plus simple, plus naturel
    """,
    "summarize": "résume, résumez, résumer, synthétise, synthétisez",
    "summary": "résumé, synthèse, points clés, points principaux, idées principales, grandes lignes",
    "define": "que signifie, qu est ce, c est quoi, combien de, définis",
    "explain": "explique, expliquez, décris, décrivez",
    "routine text": """
        modèle de, mail de confirmation, message d absence, lettre type, réponse type, invitation, relance,
        fiche produit, offre d emploi, objet du mail, mail de bienvenue, lettre de motivation, attestation
    """,
    "write": "écris, écrivez, écrire, rédige, rédigez, rédiger, crée, créez, génère, générez, compose",
    "brainstorm": """
        imagine, imaginez, invente, inventez, propose des idées, trouve des idées, suggère, suggérez
    """,
    "creative piece": """
        poème, histoire, conte, chanson, discours, article sur, dissertation, nouvelle, blague, dialogue
    """,
    "program": "implémente, implémentez, programme une, débogue, code une",
    "prove": """
        démontre, démontrez, démontrer, prouve, prouvez, prouver, montrer que, montre que, montrez que,
        preuve
    """,
    "solve": """
        à quelle heure, quelle est son accélération, résous, résolvez, résoudre, calcule, calculez, calculer
    """,
    "analyse": "analysez, analyser, évalue, évaluez, discute, discutez, interprète, argumente",
    "compare": """
        comparez, comparer, avantages et inconvénients, pour et le contre, devrait on, faut il, dois je
    """,
    "plan": "recommande, recommandez, stratégie, planifie",
    "step by step": """
        étape par étape, chaque étape, justifie, justifiez, et pourquoi, détaille le raisonnement,
        raisonnement
    """,
}
SPANISH: Mapping[str, str] = {
    "classify": "clasifica, clasifique, clasificar, categoriza, categorice",
    "label": "etiqueta, etiquetar, etiquete, asigna, asigne, marca como",
    "detect": "detecta, detecte, identifica el idioma, en qué idioma",
    "decide whether": "indica si, indique si, di si, determina si, decide si, este mensaje es",
    "sentiment or intent": "sentimiento, intención, urgencia",
    "category": "categoría, categorías, etiquetas",
    "which label": "qué categoría, urgente o no, a qué departamento",
    "fixed answers": """
        positivo o negativo, sí o no, sí no, verdadero o falso, positivo | negativo, una sola palabra
    """,
    "extract": "extrae, extraiga, extraer, saca todos, saca los",
    "list what is there": """
        obtén, obtén el, lista todos, lista las, encuentra todos, encuentra las, busca todos, qué fechas,
        qué importes
    """,
    "mentioned in": "mencionados, mencionadas, del texto, de este texto, en este texto, en este correo",
    "rewrite": """
        reescribe, reescriba, reescribir, reformula, reformule, parafrasea, redacta de nuevo, haz que este,
        haz que suene
    """,
    "translate": "traduce, traduzca, traducir, traducción, al inglés, al español, al francés, al alemán",
    "correct": "corrige, corrija, corregir, revisa la ortografía",
    "language mistakes": "ortografía, gramática, errores ortográficos",
    "another tone": """
        más formal, más amable, más educado, más corto, más corta, más claro, más profesional, suene más
    """,
    "summarize": "resume el, resume este, resume esta, resume la, resume los, resumir, resúmeme, sintetiza",
    "summary": "resumen, puntos clave, ideas principales, puntos principales",
    "define": "qué significa, cuántos, define, cuándo fue, dónde está",
    "explain": "explica, explique, explícame, describe",
    "routine text": """
        plantilla, correo estándar, correo de bienvenida, mensaje de confirmación, carta de renuncia,
        recordatorio, invitación, respuesta estándar, descripción de producto, oferta de empleo, asunto del
        correo
    """,
    "write": "escribe, escriba, escribir, redacta, redacte, crea, cree, genera, genere, hazme un, hazme una",
    "brainstorm": "inventa, invente, imagina, sugiere, propón ideas, dame ideas, ideas para",
    "creative piece": """
        lista de ideas, regalar, poema, cuento, historia, leyenda, canción, discurso, artículo, ensayo,
        chiste, diálogo
    """,
    "program": "implementa, implemente, programa una, depura",
    "prove": "demuestra, demuestre, demostrar, prueba que, demostración",
    "solve": "resuelve, resuelva, resolver, calcula, calcule, calcular, halla, determina el valor",
    "analyse": "analiza, analice, evalúa, evalúe, argumenta, discute, interpreta, valora",
    "compare": """
        compara, compare, ventajas y desventajas, ventajas e inconvenientes, pros y contras, debería,
        deberíamos
    """,
    "plan": "recomienda, recomiende, estrategia, planifica",
    "step by step": "paso a paso, cada paso, justifica, justifique, y por qué, razona, razona la respuesta",
}
PORTUGUESE: Mapping[str, str] = {
    "classify": "classifique, classificar, categorize",
    "label": "rotule, etiquete, marque como, atribua",
    "sentiment or intent": "sentimento, intenção",
    "category": "categoria, categorias",
    "fixed answers": "positivo ou negativo, sim ou não, sim não, verdadeiro ou falso",
    "extract": "extraia, extrair, retire todos",
    "list what is there": "liste todos, liste as, encontre todos, quais datas",
    "mentioned in": "mencionadas, mencionados, do texto, neste texto",
    "rewrite": "reescreva, reescrever, reformule, parafraseie",
    "translate": "traduza, traduzir, passe para o, tradução, para inglês, para o inglês, para português",
    "correct": "corrija, corrigir, revise",
    "another tone": "mais formal, mais educado, mais curto, mais claro, mais profissional",
    "summarize": "resuma, resumir, sintetize",
    "summary": "resumo, pontos principais, ideias principais",
    "define": "o que significa, quantos, quando foi, onde fica",
    "explain": "explique, explica, descreva",
    "routine text": """
        modelo de, e mail de confirmação, mensagem de ausência, lembrete, convite, resposta padrão
    """,
    "write": "escreva, escreve, redija, crie, gere, elabore, faça um",
    "brainstorm": "invente, imagine, sugira, dê ideias, ideias de, me dê ideias",
    "creative piece": "poema, história, conto, canção, discurso, artigo, redação, piada",
    "program": "implemente, programe, depure",
    "prove": "prove, demonstre, demonstrar, mostre que, prova de",
    "solve": "resolva, calcule, calcular, encontre o valor, determine o",
    "analyse": "argumentos a favor, analise, avalie, discuta, argumente, interprete",
    "compare": "compare, vantagens e desvantagens, prós e contras, devo, devemos",
    "step by step": "passo a passo, cada passo, justifique, e por quê",
}
ITALIAN: Mapping[str, str] = {
    "classify": "classifica, classificare, classificate, categorizza",
    "label": "etichetta, assegna, contrassegna",
    "detect": "rileva, individua la lingua",
    "fixed answers": "positiva o negativa, positivo o negativo, sì o no, vero o falso",
    "extract": "estrai, estrarre, estraete, ricava",
    "list what is there": "elenca, elenca tutti, elenca tutte, trova tutti, trova tutte, quali date",
    "mentioned in": "menzionati, menzionate, citati, citate, da questo testo, nel testo",
    "rewrite": "riscrivi, riscrivere, riformula, parafrasa",
    "translate": "traduci, traduca, tradurre, traduzione, in inglese, in francese, in italiano",
    "correct": "correggi, correggere, corregga",
    "another tone": "tono formale, più formale, più gentile, più breve, più chiaro, più professionale",
    "summarize": "riassumi, riassumere, sintetizza",
    "summary": "riassunto, punti principali, sintesi, punti chiave",
    "define": "cosa significa, che cos è, quanti, quando è, dove si trova",
    "explain": "spiega, spiegami, descrivi",
    "routine text": """
        modello di, e mail di conferma, messaggio di, ringraziamento, promemoria, invito, risposta standard,
        lettera di presentazione
    """,
    "write": "scrivi, scrivere, redigi, crea, genera, componi",
    "brainstorm": "inventa, immagina, suggerisci, proponi",
    "creative piece": """
        nomi per, poesia, racconto, storia, fiaba, canzone, discorso, articolo, tema, barzelletta
    """,
    "program": "implementa, programma una",
    "prove": "dimostra, dimostrare, dimostrate, prova che",
    "solve": "risolvi, risolvere, calcola, calcolare, trova il valore",
    "analyse": "analizza, valuta, discuti, argomenta, interpreta",
    "compare": "confronta, vantaggi e svantaggi, pro e contro, dovrei, dovremmo",
    "step by step": "passo dopo passo, ogni passaggio, giustifica, e perché",
}
DUTCH: Mapping[str, str] = {
    "classify": "classificeer, categoriseer, deel in",
    "label": "labelen, wijs toe, markeer",
    "fixed answers": "positief of negatief, ja of nee, waar of onwaar",
    "extract": "haal, extraheer, pik",
    "list what is there": "geef alle, noem alle, vind alle, welke data, welke bedragen",
    "mentioned in": "genoemde, vermelde, uit deze tekst, in deze tekst",
    "rewrite": "herschrijf, herschrijven, herformuleer, parafraseer",
    "translate": "vertaal, vertalen, vertaling, naar het engels, naar het nederlands",
    "correct": "corrigeer, verbeter",
    "language mistakes": "spelfouten, taalfouten",
    "another tone": "vriendelijker, beleefder, formeler, korter, duidelijker",
    "summarize": "vat, samenvatten",
    "summary": "samenvatting, hoofdpunten, kernpunten",
    "define": "wat betekent, hoeveel, wanneer was, waar ligt",
    "explain": "leg uit, beschrijf",
    "routine text": """
        sjabloon, bevestigingsmail, afwezigheidsbericht, afspraak, korte e mail, herinnering, uitnodiging,
        standaardantwoord
    """,
    "write": "formulier, schrijf, maak een, stel op, opstellen, genereer",
    "brainstorm": "bedenk, verzin, stel je voor",
    "creative piece": "gedicht, verhaal, sprookje, lied, toespraak, opstel, grap",
    "prove": "bewijs, bewijzen, toon aan",
    "solve": "los op, bereken, los de",
    "analyse": "analyseer, beoordeel, bespreek, weeg",
    "compare": "vergelijk, voor en nadelen, moeten we",
    "step by step": "stap voor stap, elke stap, en waarom",
}
EUROPEAN = (GERMAN, FRENCH, SPANISH, PORTUGUESE, ITALIAN, DUTCH)

# Chinese, Japanese and Korean part no words by spaces: these are looked for as substrings.
EAST_ASIAN: Mapping[str, str] = {
    "classify": "分类 分類 归类 분류",
    "decide whether": "判断 判定 판단 是否属于 かどうか",
    "fixed answers": "正面还是负面 是或否 はいかいいえ どちらか 一語で 긍정 只回答",
    "sentiment or intent": "情感 感情 감정 意图 緊急",
    "extract": "提取 抽取 抽出 추출 找出 摘出 찾아",
    "translate": "翻译 翻譯 翻訳 번역 译成 译为 訳して",
    "rewrite": "改写 改寫 润色 書き直 言い換え 直して 고쳐 바꿔 换种说法 改成 委婉 说得",
    "another tone": "更正式 更礼貌 敬語 丁寧 정중 공손",
    "summarize": "总结 總結 概括 摘要 要約 まとめて 요약 概述",
    "prove": "证明 證明 証明 증명",
    "solve": "计算 計算 求解 계산 解方程",
    "analyse": "分析 评估 評価 분석 比较 比較 비교 说明理由 理由を 推出",
    "step by step": "推理 一步一步 逐步 每一步 ステップ 단계",
    "write": "写一 写一封 写篇 書いて 작성 써줘 써주 帮我写 作って",
    "creative piece": "诗 詩 故事 物語 怪談 小说 이야기 俳句 童话",
    "routine text": "模板 テンプレート 템플릿 通知 请假",
    "program": "python java sql 函数 関数 함수 代码 コード 코드 编写程序",
    "asks a fact": "什么 多长 多少 多高 是谁 哪 何です 誰 どこ いつ 무엇 어디 누구 언제 인가요",
}
